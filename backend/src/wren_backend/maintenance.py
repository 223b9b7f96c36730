"""What an operator does to the database beside a running server: keys issued and revoked, the master key rotated."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wren_backend.auth import issue_key
from wren_backend.clock import SystemClock
from wren_backend.db import Database, WriteSession, open_database
from wren_backend.errors import MissingObject
from wren_backend.migration import migrate
from wren_backend.settings import Settings
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.models import User, Workspace
from wren_backend.vault import rotation
from wren_backend.vault.keyring import KeyFile
from wren_core.errors import AgentFixableError


def issue(settings: Settings, *, name: str, user: str, workspace: str) -> str:
    """Issue an API key for a user of a workspace, either made where it is new, and return the key.

    Raises:
        WrenError: the database cannot be used.
    """
    now = SystemClock().now()
    with _database(settings) as database, database.writing() as session:
        owner = _user(session, _workspace(session, workspace), user)
        return issue_key(session, owner, name=name, now=now).plain.get_secret_value()


def list_issued(settings: Settings) -> list[dict[str, Any]]:
    """Return the API keys of all workspaces: prefix, name, owner, and when they were used or revoked."""
    with _database(settings) as database, database.reading() as session:
        return [
            {
                "prefix": row.prefix,
                "name": row.name,
                "workspace": workspace.slug,
                "user": owner.name,
                "created_at": row.created_at.isoformat(),
                "last_used_at": row.last_used_at and row.last_used_at.isoformat(),
                "revoked_at": row.revoked_at and row.revoked_at.isoformat(),
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
    with _database(settings) as database, database.writing() as session:
        for workspace in tenancy.list_workspaces(session):
            for row in tenancy.list_api_keys(session, workspace.id):
                if row.prefix == prefix:
                    tenancy.revoke_api_key(session, workspace.id, row.id, now=SystemClock().now())
                    return f"revoked wren_{prefix}_... ({row.name})"
    raise MissingObject(f"there is no API key with the prefix {prefix!r}")


def rotate(settings: Settings) -> str:
    """Rotate the master key and say what was done.

    Raises:
        AgentFixableError: KEY_NOT_IN_FILE where the operator gives the keys as text.
    """
    if settings.master_key is not None:
        raise AgentFixableError(
            "WREN_MASTER_KEY holds the keys as text; put the new key in front of the old one there and restart",
            code="KEY_NOT_IN_FILE",
        )
    with _database(settings) as database:
        done = rotation.rotate(database, KeyFile(settings.key_file), now=SystemClock().now())
        for key_id in done.retirable_ids:
            rotation.retire(database, KeyFile(settings.key_file), key_id)
    broken = f"; {len(done.broken_ids)} data keys open with no key at hand" if done.broken_ids else ""
    return f"the master key is now {done.primary_id}; {done.rewrapped} data keys wrapped with it{broken}"


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = open_database(settings.database_address())
    migrate(database)
    try:
        yield database
    finally:
        database.dispose()


def _workspace(session: WriteSession, slug: str) -> Workspace:
    found = tenancy.find_workspace_by_slug(session, slug)
    made = found or tenancy.add_workspace(session, slug, name=slug, now=SystemClock().now())
    if made is None:
        raise MissingObject(f"the workspace {slug!r} could not be made; try again")
    return made


def _user(session: WriteSession, workspace: Workspace, name: str) -> User:
    found = next((user for user in tenancy.list_users(session, workspace.id) if user.name == name), None)
    return found or tenancy.add_user(session, workspace.id, name=name, now=SystemClock().now())
