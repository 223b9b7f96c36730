"""Wire shapes of connections."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.connections.service import Connected, ConnectRequest, Disconnected
from wren_backend.http.wire import IntegrationName, JsonObject, RequestBody, ResponseBody, Timestamp

_ALIAS = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def is_alias(text: str) -> bool:
    """Tell whether the text can be an alias."""
    return _ALIAS.fullmatch(text) is not None


def _check_alias(text: str) -> str:
    if not is_alias(text):
        raise ValueError("an alias has 1 to 63 lower-case letters, digits, - and _")
    return text


Alias = Annotated[str, AfterValidator(_check_alias), Field(examples=["work"])]
Config = Annotated[JsonObject, Field(max_length=200)]
Values = Annotated[dict[str, SecretStr], Field(max_length=50)]


class ConnectBody(RequestBody):
    """What to connect. Without `values` a person finishes it at `connect_url`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"integration": "mail", "alias": "work"},
                {"integration": "weather", "values": {"api_key": "..."}, "config": {"city": "Berlin"}},
            ]
        }
    )

    integration: IntegrationName
    alias: Alias = "default"
    config: Config | None = Field(default=None, description="Checked against the integration's configuration")
    values: Values | None = Field(default=None, description="Credentials by key, where the integration takes keys")

    def to_request(self) -> ConnectRequest:
        """Return it as the service takes it."""
        return ConnectRequest(
            integration=self.integration, alias=self.alias, config=self.config, values=reveal_values(self.values)
        )


class ReauthorizeBody(RequestBody):
    """New credentials by key; without them a person acts at `connect_url`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"values": {"api_key": "..."}}]})

    values: Values | None = None


class ConnectionChange(RequestBody):
    """The changes; omitted fields stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"alias": "work"}, {"config": {"city": "Berlin"}}]})

    alias: Alias | None = None
    config: Config | None = None


class ConnectAnswer(ResponseBody):
    """A connection, and where a person finishes it: a link that works once."""

    connection_id: str
    integration: str
    alias: str
    status: ConnectionStatus
    connect_url: str | None = None
    expires_at: Timestamp | None = None

    @classmethod
    def of(cls, connected: Connected) -> "ConnectAnswer":
        """Return the wire shape of a result of the service."""
        row = connected.connection
        return cls(
            connection_id=row.id,
            integration=row.integration,
            alias=row.alias,
            status=row.status,
            connect_url=connected.connect_url,
            expires_at=connected.expires_at,
        )


class ConnectionProblem(ResponseBody):
    """Why a connection needs attention."""

    code: str
    message: str


class ConnectionRead(ResponseBody):
    """One connection; never a credential."""

    id: str
    integration: str
    alias: str
    status: ConnectionStatus
    account: str | None
    scopes: list[str]
    config: dict[str, Any]
    expires_at: Timestamp | None
    created_at: Timestamp
    version: int
    """Rises with every change of its credentials, so that a client can wait for a new authorization."""
    error: ConnectionProblem | None = None

    @classmethod
    def of(cls, row: Connection) -> "ConnectionRead":
        """Return the wire shape of a row."""
        return cls(
            id=row.id,
            integration=row.integration,
            alias=row.alias,
            status=row.status,
            account=row.account_label,
            scopes=row.scopes,
            config=row.config,
            expires_at=row.expires_at,
            created_at=row.created_at,
            version=row.version,
            error=_describe_problem(row),
        )


class ConnectionList(ResponseBody):
    """Connections, by integration and alias."""

    connections: list[ConnectionRead]


class DisconnectAnswer(ResponseBody):
    """The outcome of disconnecting: the credentials here are destroyed, those at the provider if it agreed."""

    id: str
    status: ConnectionStatus
    provider_revocation: str
    """`revoked`, `failed` or `not_applicable`."""
    reason: str | None = None

    @classmethod
    def of(cls, gone: Disconnected) -> "DisconnectAnswer":
        """Return the wire shape of a result of the service."""
        outcome = gone.revocation
        return cls(
            id=gone.connection.id,
            status=gone.connection.status,
            provider_revocation=outcome.outcome,
            reason=outcome.reason,
        )


def reveal_values(values: dict[str, SecretStr] | None) -> dict[str, str] | None:
    """Return secret values as the service stores them."""
    return None if values is None else {key: value.get_secret_value() for key, value in values.items()}


def _describe_problem(row: Connection) -> ConnectionProblem | None:
    if not row.error:
        return None
    message = str(row.error.get("message"))
    if row.refresh_failures and row.status is ConnectionStatus.ACTIVE:
        message += f"; {row.refresh_failures} attempt(s) to refresh the access failed, the next one is automatic"
    return ConnectionProblem(code=str(row.error.get("code")), message=message)
