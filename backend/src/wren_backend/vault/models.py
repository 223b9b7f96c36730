"""Tables of the vault: sealed credentials, the wrapped data keys that open them, and the check of the master keys."""

from datetime import datetime

from sqlmodel import Field

from wren_backend.storage.tables import Table


class MasterKeyCheck(Table, table=True):
    """A known text sealed with a master key, to detect a wrong key at boot, before anything is written."""

    __tablename__ = "master_key_checks"

    master_key_id: str = Field(primary_key=True)
    sealed_check: bytes = Field(repr=False)
    created_at: datetime


class DataKey(Table, table=True):
    """The key of one workspace's credentials, wrapped by a master key. Without this row nothing can open them."""

    __tablename__ = "data_keys"

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE", unique=True)
    master_key_id: str = Field(index=True)
    wrapped_key: bytes = Field(repr=False)
    created_at: datetime


class SealedCredential(Table, table=True):
    """One credential of one connection, sealed so that it opens in this row only."""

    __tablename__ = "sealed_credentials"

    connection_id: str = Field(primary_key=True, foreign_key="connections.id", ondelete="CASCADE")
    key: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE", index=True)
    blob: bytes = Field(repr=False)
    updated_at: datetime
