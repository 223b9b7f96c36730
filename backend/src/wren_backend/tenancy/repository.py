"""Workspaces, users and the stored part of API keys."""

from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, func, or_, update
from sqlmodel import col, select

from wren_backend.ids import new_id
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.tenancy.models import ApiKey, Role, User, Workspace

_Row = TypeVar("_Row")


def add_workspace(session: WriteSession, slug: str, *, name: str, now: datetime) -> Workspace | None:
    """Make a workspace; None where the slug is taken, perhaps by a concurrent call."""
    return session.insert_new(Workspace(id=new_id("ws"), slug=slug, name=name, created_at=now))


def find_workspace(session: ReadSession, workspace_id: str) -> Workspace | None:
    """Find a workspace by id."""
    return session.exec(select(Workspace).where(Workspace.id == workspace_id)).one_or_none()


def find_workspace_by_slug(session: ReadSession, slug: str) -> Workspace | None:
    """Find a workspace by the short name operators type."""
    return session.exec(select(Workspace).where(Workspace.slug == slug)).one_or_none()


def list_workspaces(session: ReadSession) -> list[Workspace]:
    """List all workspaces by their short name, for operators."""
    return list(session.exec(select(Workspace).order_by(Workspace.slug)))


def count_workspaces(session: ReadSession) -> int:
    """Count the workspaces; none means a first start."""
    return session.exec(select(func.count()).select_from(Workspace)).one()


def delete_workspace(session: WriteSession, workspace_id: str) -> bool:
    """Delete a workspace with everything it owns, its data key included."""
    statement = delete(Workspace).where(col(Workspace.id) == workspace_id).returning(Workspace)
    return bool(session.returning(statement))


def add_user(session: WriteSession, workspace_id: str, *, name: str, role: Role = Role.MEMBER, now: datetime) -> User:
    """Add a user to a workspace."""
    user = User(id=new_id("usr"), workspace_id=workspace_id, name=name, role=role, created_at=now)
    session.add(user)
    session.flush()
    return user


def find_user(session: ReadSession, workspace_id: str, user_id: str) -> User | None:
    """Find a user of that workspace."""
    return session.exec(select(User).where(User.workspace_id == workspace_id, User.id == user_id)).one_or_none()


def list_users(session: ReadSession, workspace_id: str) -> list[User]:
    """List the users of a workspace, oldest first."""
    statement = select(User).where(User.workspace_id == workspace_id).order_by(col(User.created_at), col(User.id))
    return list(session.exec(statement))


def set_role(session: WriteSession, workspace_id: str, user_id: str, role: Role) -> User | None:
    """Give a user of that workspace a role."""
    theirs = (col(User.workspace_id) == workspace_id, col(User.id) == user_id)
    return _only(session.returning(update(User).where(*theirs).values(role=role).returning(User)))


def disable_user(session: WriteSession, workspace_id: str, user_id: str, *, now: datetime) -> User | None:
    """Refuse the user from now on; one that was disabled before keeps its time."""
    theirs = (col(User.workspace_id) == workspace_id, col(User.id) == user_id)
    statement = update(User).where(*theirs).values(disabled_at=func.coalesce(col(User.disabled_at), now))
    return _only(session.returning(statement.returning(User)))


def add_api_key(
    session: WriteSession,
    user: User,
    *,
    name: str,
    prefix: str,
    key_hash: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> ApiKey | None:
    """Store a key's prefix and hash; None where another key has that prefix."""
    return session.insert_new(
        ApiKey(
            id=new_id("key"),
            workspace_id=user.workspace_id,
            user_id=user.id,
            name=name,
            prefix=prefix,
            key_hash=key_hash,
            created_at=now,
            expires_at=expires_at,
        )
    )


def find_usable_api_key(session: ReadSession, prefix: str, *, now: datetime) -> ApiKey | None:
    """Find the key with that prefix, unless it is revoked or expired or its user is disabled."""
    statement = (
        select(ApiKey)
        .join(User, col(User.id) == col(ApiKey.user_id))
        .where(ApiKey.prefix == prefix, col(ApiKey.revoked_at).is_(None), col(User.disabled_at).is_(None))
        .where(or_(col(ApiKey.expires_at).is_(None), col(ApiKey.expires_at) > now))
    )
    return session.exec(statement).one_or_none()


def list_api_keys(session: ReadSession, workspace_id: str) -> list[ApiKey]:
    """List the keys of a workspace, revoked ones too, newest first."""
    statement = select(ApiKey).where(ApiKey.workspace_id == workspace_id)
    return list(session.exec(statement.order_by(col(ApiKey.created_at).desc(), col(ApiKey.id))))


def revoke_api_key(session: WriteSession, workspace_id: str, key_id: str, *, now: datetime) -> ApiKey | None:
    """Revoke a key of that workspace; one that was revoked before keeps its time."""
    theirs = (col(ApiKey.workspace_id) == workspace_id, col(ApiKey.id) == key_id)
    statement = update(ApiKey).where(*theirs).values(revoked_at=func.coalesce(col(ApiKey.revoked_at), now))
    return _only(session.returning(statement.returning(ApiKey)))


def note_api_key_use(session: WriteSession, key_id: str, *, now: datetime) -> None:
    """Record that a key was used."""
    session.exec(update(ApiKey).where(col(ApiKey.id) == key_id).values(last_used_at=now))


def _only(rows: list[_Row]) -> _Row | None:
    return rows[0] if rows else None
