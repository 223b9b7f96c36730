"""Tables of tenancy: workspaces, the users in them, and the keys those users hold."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field

from wren_backend.storage.tables import Table, stored_enum


class Role(StrEnum):
    """What a user may do with the deployments of other users of the workspace."""

    ADMIN = "admin"
    """Everything their owner may."""
    MEMBER = "member"
    """See that they exist, and whose they are."""


class Workspace(Table, table=True):
    """The tenant, which owns everything else."""

    __tablename__ = "workspaces"

    id: str = Field(primary_key=True)
    slug: str = Field(unique=True)
    """Short name an operator types; lower case."""
    name: str
    created_at: datetime


class User(Table, table=True):
    """A person or an agent who acts in one workspace."""

    __tablename__ = "users"

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE", index=True)
    name: str
    role: Role = Field(default=Role.MEMBER, sa_type=stored_enum(Role))
    created_at: datetime
    disabled_at: datetime | None = None
    """From this moment every key of the user is refused."""


class ApiKey(Table, table=True):
    """An API key: its public prefix and the hash of the whole; the key itself is shown once and not stored."""

    __tablename__ = "api_keys"

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE", index=True)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    name: str
    prefix: str = Field(unique=True)
    key_hash: str = Field(repr=False)
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
