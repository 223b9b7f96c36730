"""Tables of connections: the connections, and the short-lived rows of authorising one."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from wren_backend.storage.tables import Table, json_document, stored_enum
from wren_backend.vault.place import Place

_NOT_REVOKED = text("status <> 'revoked'")
_ACTIVE = text("status = 'active'")


class ConnectionStatus(StrEnum):
    """What a connection is good for."""

    PENDING = "pending"
    """Asked for, not yet authorised."""
    ACTIVE = "active"
    NEEDS_REAUTH = "needs_reauth"
    """The provider refuses its credentials; a person must authorise it again, in place."""
    REVOKED = "revoked"
    """Disconnected permanently; its credentials are destroyed."""


class Connection(Table, table=True):
    """A user's authorised link to one integration. Its credentials are sealed in the vault's own table.

    `version` is the fence: every change of credentials raises it, and a late refresher with an
    older version is turned away.
    """

    __tablename__ = "connections"
    __table_args__ = (
        # A revoked connection gives its alias back.
        Index(
            "uq_connections_alias",
            *("workspace_id", "user_id", "integration", "alias"),
            unique=True,
            sqlite_where=_NOT_REVOKED,
            postgresql_where=_NOT_REVOKED,
        ),
        Index("ix_connections_expiring", "expires_at", sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    )

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE")
    integration: str
    alias: str = "default"
    status: ConnectionStatus = Field(sa_type=stored_enum(ConnectionStatus))
    account_id: str | None = None
    """The provider's own identifier of the account, to notice a reconnect to another one."""
    account_label: str | None = None
    scopes: list[str] = Field(default_factory=list, sa_type=json_document())
    """As granted, which may be fewer than were asked for."""
    config: dict[str, Any] = Field(default_factory=dict, sa_type=json_document())
    expires_at: datetime | None = None
    """When the access token ends; None for credentials that do not expire."""
    error: dict[str, Any] | None = Field(default=None, sa_type=json_document())
    """Why it needs attention: `code` and `message`, never a secret."""
    version: int = 1
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    next_refresh_at: datetime | None = None
    """Not before this moment, after a refresh that failed for a passing reason."""
    refresh_failures: int = 0
    created_at: datetime
    updated_at: datetime

    @property
    def place(self) -> Place:
        """Where the vault keeps its credentials."""
        return Place(workspace=self.workspace_id, record=self.id)


class ConnectLink(Table, table=True):
    """A link that lets a person authorise one connection without an API key; only its hash is kept."""

    __tablename__ = "connect_links"

    token_hash: str = Field(primary_key=True, repr=False)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE")
    integration: str
    connection_id: str = Field(foreign_key="connections.id", ondelete="CASCADE", index=True)
    return_to: str | None = None
    created_at: datetime
    expires_at: datetime = Field(index=True)
    used_at: datetime | None = None


class OAuthState(Table, table=True):
    """One authorization request on its way: bound to a user, a connection and a browser, good once."""

    __tablename__ = "oauth_states"

    state_hash: str = Field(primary_key=True, repr=False)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE")
    integration: str
    connection_id: str = Field(foreign_key="connections.id", ondelete="CASCADE", index=True)
    browser_hash: str = Field(repr=False)
    """Hash of the secret cookie of the browser that started the flow; another browser cannot finish."""
    sealed_code_verifier: bytes = Field(repr=False)
    redirect_uri: str
    scopes: list[str] = Field(default_factory=list, sa_type=json_document())
    return_to: str | None = None
    created_at: datetime
    expires_at: datetime = Field(index=True)
    used_at: datetime | None = None


def code_verifier_place(workspace_id: str, state_hash: str) -> Place:
    """Return where the code verifier of an authorization request belongs."""
    return Place(workspace=workspace_id, record=state_hash, field="oauth_states.code_verifier")
