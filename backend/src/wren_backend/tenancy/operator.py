"""The operator's work on tenants: keys, users and workspaces, also while a server runs."""

from datetime import datetime
from typing import Any

from wren_backend.storage.database import Database, ReadSession, WriteSession
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import issue_key
from wren_backend.tenancy.errors import MissingObject
from wren_backend.tenancy.models import Role, User, Workspace
from wren_backend.tenancy.names import clean_name


def issue(database: Database, *, name: str, user: str, workspace: str, now: datetime) -> str:
    """Issue an API key for a user of a workspace, make what is new of them, and return the key.

    Raises:
        InvalidInput: NAME_INVALID, for a name that could not be shown in a list.
        WrenError: the database cannot be used.
    """
    name, user, workspace = clean_name(name), clean_name(user), clean_name(workspace)
    with database.writing() as session:
        owner = _find_or_add_user(session, _find_or_add_workspace(session, workspace, now), user, now)
        return issue_key(session, owner, name=name, now=now).plain.get_secret_value()


def list_issued(database: Database) -> list[dict[str, Any]]:
    """Return the API keys of all workspaces: prefix, name, owner, and when they were used or revoked."""
    with database.reading() as session:
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


def revoke(database: Database, *, prefix: str, now: datetime) -> str:
    """Revoke the API key with that prefix and return a line that reports it.

    Raises:
        MissingObject: there is none.
    """
    with database.writing() as session:
        for workspace in tenancy.list_workspaces(session):
            for row in tenancy.list_api_keys(session, workspace.id):
                if row.prefix == prefix:
                    tenancy.revoke_api_key(session, workspace.id, row.id, now=now)
                    return f"revoked wren_{prefix}_... ({row.name})"
    raise MissingObject(f"there is no API key with the prefix {prefix!r}")


def disable_user(database: Database, *, user: str, workspace: str, now: datetime) -> str:
    """Refuse every key of a user from now on and return a line that reports it.

    Raises:
        MissingObject: there is no such workspace, or no such user in it.
    """
    with database.writing() as session:
        owner = get_workspace(session, workspace)
        for each in tenancy.list_users(session, owner.id):
            if each.name == user:
                tenancy.disable_user(session, owner.id, each.id, now=now)
                return f"disabled {workspace}/{user}; every key of this user is refused"
    raise MissingObject(f"there is no user {user!r} in the workspace {workspace!r}")


def set_role(database: Database, *, user: str, workspace: str, role: Role) -> str:
    """Make a user of a workspace its admin, or a member again, and return a line that reports it.

    Raises:
        MissingObject: there is no such workspace, or no such user in it.
    """
    with database.writing() as session:
        owner = get_workspace(session, workspace)
        for each in tenancy.list_users(session, owner.id):
            if each.name == user:
                tenancy.set_role(session, owner.id, each.id, role)
                return f"{workspace}/{user} is {'an admin' if role is Role.ADMIN else 'a member'} from now on"
    raise MissingObject(f"there is no user {user!r} in the workspace {workspace!r}")


def list_workspaces(database: Database) -> list[dict[str, Any]]:
    """Return the workspaces by their short name: when each was made, and its users."""
    with database.reading() as session:
        return [
            {
                "slug": workspace.slug,
                "id": workspace.id,
                "created_at": workspace.created_at.isoformat(),
                "users": [user.name for user in tenancy.list_users(session, workspace.id)],
                "admins": [u.name for u in tenancy.list_users(session, workspace.id) if u.role is Role.ADMIN],
            }
            for workspace in tenancy.list_workspaces(session)
        ]


def get_workspace(session: ReadSession, slug: str) -> Workspace:
    """Return the workspace with that short name.

    Raises:
        MissingObject: there is none.
    """
    found = tenancy.find_workspace_by_slug(session, slug)
    if found is None:
        raise MissingObject(f"there is no workspace {slug!r}")
    return found


def _find_or_add_workspace(session: WriteSession, slug: str, now: datetime) -> Workspace:
    found = tenancy.find_workspace_by_slug(session, slug)
    made = found or tenancy.add_workspace(session, slug, name=slug, now=now)
    if made is None:
        raise MissingObject(f"the workspace {slug!r} could not be made; try again")
    return made


def _find_or_add_user(session: WriteSession, workspace: Workspace, name: str, now: datetime) -> User:
    users = tenancy.list_users(session, workspace.id)
    found = next((user for user in users if user.name == name), None)
    role = Role.MEMBER if users else Role.ADMIN  # the first user of a workspace
    return found or tenancy.add_user(session, workspace.id, name=name, role=role, now=now)
