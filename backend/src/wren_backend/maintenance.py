"""What an operator does to the database beside a running server: keys, users, workspaces, and the master key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wren_backend.clock import SystemClock
from wren_backend.deployments.names import clean_name
from wren_backend.settings import Settings
from wren_backend.storage.database import Database, ReadSession, WriteSession, open_database
from wren_backend.storage.migration import migrate
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import issue_key
from wren_backend.tenancy.errors import MissingObject
from wren_backend.tenancy.models import User, Workspace
from wren_backend.vault import rotation
from wren_backend.vault.keyring import KeyFile
from wren_backend.vault.service import shred_workspace
from wren_core.errors import AgentFixableError


def issue(settings: Settings, *, name: str, user: str, workspace: str) -> str:
    """Issue an API key for a user of a workspace, either made where it is new, and return the key.

    Raises:
        InvalidInput: NAME_INVALID, for a name that could not be shown in a list.
        WrenError: the database cannot be used.
    """
    name, user, workspace = clean_name(name), clean_name(user), clean_name(workspace)
    now = SystemClock().now()
    with opened_database(settings) as database, database.writing() as session:
        owner = _user(session, _workspace(session, workspace), user)
        return issue_key(session, owner, name=name, now=now).plain.get_secret_value()


def list_issued(settings: Settings) -> list[dict[str, Any]]:
    """Return the API keys of all workspaces: prefix, name, owner, and when they were used or revoked."""
    with opened_database(settings) as database, database.reading() as session:
        return [
            {
                "prefix": row.prefix,
                "name": row.name,
                "workspace": workspace.slug,
                "user": owner.name,
                "created_at": row.created_at.isoformat(),
                "last_used_at": row.last_used_at and row.last_used_at.isoformat(),
                "revoked_at": row.revoked_at and row.revoked_at.isoformat(),
                "user_disabled_at": owner.disabled_at and owner.disabled_at.isoformat(),
            }
            for workspace in tenancy.list_workspaces(session)
            for owner in tenancy.list_users(session, workspace.id)
            for row in tenancy.list_api_keys(session, workspace.id)
            if row.user_id == owner.id
        ]


def revoke(settings: Settings, *, prefix: str) -> str:
    """Revoke the API key with that prefix and say so.

    Raises:
        MissingObject: there is none.
    """
    with opened_database(settings) as database, database.writing() as session:
        for workspace in tenancy.list_workspaces(session):
            for row in tenancy.list_api_keys(session, workspace.id):
                if row.prefix == prefix:
                    tenancy.revoke_api_key(session, workspace.id, row.id, now=SystemClock().now())
                    return f"revoked wren_{prefix}_... ({row.name})"
    raise MissingObject(f"there is no API key with the prefix {prefix!r}")


def disable_user(settings: Settings, *, user: str, workspace: str) -> str:
    """Refuse every key of a user from now on, and say so.

    Raises:
        MissingObject: there is no such workspace, or no such user in it.
    """
    with opened_database(settings) as database, database.writing() as session:
        owner = _existing(session, workspace)
        for each in tenancy.list_users(session, owner.id):
            if each.name == user:
                tenancy.disable_user(session, owner.id, each.id, now=SystemClock().now())
                return f"disabled {workspace}/{user}; every key of this user is refused"
    raise MissingObject(f"there is no user {user!r} in the workspace {workspace!r}")


def list_workspaces(settings: Settings) -> list[dict[str, Any]]:
    """Return the workspaces by their short name: when each was made, and its users."""
    with opened_database(settings) as database, database.reading() as session:
        return [
            {
                "slug": workspace.slug,
                "id": workspace.id,
                "created_at": workspace.created_at.isoformat(),
                "users": [user.name for user in tenancy.list_users(session, workspace.id)],
            }
            for workspace in tenancy.list_workspaces(session)
        ]


def delete_workspace(settings: Settings, *, slug: str, is_confirmed: bool) -> str:
    """Delete a workspace with everything it owns, and say so.

    Its data key is destroyed first, in a transaction of its own: whatever happens afterwards, and in whatever copy of
    the rows, its credentials open nowhere any more.

    Raises:
        MissingObject: there is no such workspace.
        AgentFixableError: NOT_CONFIRMED.
    """
    with opened_database(settings) as database:
        with database.writing() as session:
            workspace = _existing(session, slug)
            if not is_confirmed:
                raise _unconfirmed(slug)
            shred_workspace(session, workspace.id)
        with database.writing() as session:
            tenancy.delete_workspace(session, workspace.id)
    return f"deleted the workspace {slug!r} with everything in it"


def rotate(settings: Settings) -> str:
    """Rotate the master key and say what was done.

    Raises:
        AgentFixableError: KEY_NOT_IN_FILE where the operator gives the keys as text.
    """
    if settings.master_key is not None:
        raise AgentFixableError(
            "WREN_MASTER_KEY holds the keys as text; "
            "add the new one there behind the old one, the last seals, and restart",
            code="KEY_NOT_IN_FILE",
        )
    with opened_database(settings) as database:
        done = rotation.rotate(database, KeyFile(settings.key_file), now=SystemClock().now())
        for key_id in done.retirable_ids:
            rotation.retire(database, KeyFile(settings.key_file), key_id)
    broken = f"; {len(done.broken_ids)} data keys open with no key at hand" if done.broken_ids else ""
    return f"the master key is now {done.primary_id}; {done.rewrapped} data keys wrapped with it{broken}"


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """Open the database for a block, at its newest schema."""
    database = open_database(settings.database_address())
    migrate(database)
    try:
        yield database
    finally:
        database.dispose()


def _existing(session: ReadSession, slug: str) -> Workspace:
    found = tenancy.find_workspace_by_slug(session, slug)
    if found is None:
        raise MissingObject(f"there is no workspace {slug!r}")
    return found


def _unconfirmed(slug: str) -> AgentFixableError:
    return AgentFixableError(
        f"this deletes the workspace {slug!r} for good: users, keys, connections, deployments, runs and messages; "
        "say --yes to do it",
        code="NOT_CONFIRMED",
    )


def _workspace(session: WriteSession, slug: str) -> Workspace:
    found = tenancy.find_workspace_by_slug(session, slug)
    made = found or tenancy.add_workspace(session, slug, name=slug, now=SystemClock().now())
    if made is None:
        raise MissingObject(f"the workspace {slug!r} could not be made; try again")
    return made


def _user(session: WriteSession, workspace: Workspace, name: str) -> User:
    found = next((user for user in tenancy.list_users(session, workspace.id) if user.name == name), None)
    return found or tenancy.add_user(session, workspace.id, name=name, now=SystemClock().now())
