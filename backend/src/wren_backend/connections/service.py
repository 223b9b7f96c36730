"""Use cases of connections: create, show, change, authorise again, disconnect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from wren_backend.connections import repository
from wren_backend.connections.authorization import repository as authorization_repository
from wren_backend.connections.authorization.revocation import Revocation, revoke_at_provider
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.errors import ConnectionNotNeeded, CredentialsInvalid
from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.connections.repository import AliasTaken, Grant
from wren_backend.connections.requirements import (
    accepts_connection,
    accepts_token,
    check_values,
    gives_token,
    typed_credentials,
    uses_oauth,
)
from wren_backend.storage.database import WriteSession
from wren_backend.tenancy.auth import Subject
from wren_backend.tenancy.errors import MissingObject
from wren_backend.vault.errors import CredentialUndecryptable
from wren_core.contract.configuration import check_config
from wren_core.contract.spec import IntegrationSpec

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class ConnectRequest:
    """A request to connect an integration."""

    integration: str
    alias: str = repository.DEFAULT_ALIAS
    config: Mapping[str, Any] | None = None
    values: Mapping[str, str] | None = field(default=None, repr=False)
    """Credentials by key; None where a person types them in, or authorises, in a browser."""


@dataclass(frozen=True, kw_only=True)
class Connected:
    """A connection, and where a person goes to finish it, if it is not finished."""

    connection: Connection
    connect_url: str | None = None
    link: str | None = field(default=None, repr=False)
    """The secret part of `connect_url`."""
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Disconnected:
    """A connection that is revoked, and what became of its tokens at the provider."""

    connection: Connection
    revocation: Revocation


class ConnectionService:
    """Everything a subject does with its own connections; those of others do not exist for it."""

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context

    def create(self, subject: Subject, request: ConnectRequest) -> Connected:
        """Connect an integration, or start to.

        Raises:
            WrenError: IntegrationUnknown, PluginFailed, ConnectionNotNeeded, ConfigInvalid, CredentialsInvalid,
                ProviderNotConfigured, AliasTaken.
        """
        spec = self._check_connectable(request.integration, request.values)
        config = None if request.config is None else self._check_config(spec.name, request.config)
        values = self._check_values(spec, request.values)
        with self._context.database.writing() as session:
            connection = self._make_pending(session, subject, request, config)
            return self._proceed(session, subject, spec, connection, values)

    def list_all(self, subject: Subject) -> list[Connection]:
        """List the subject's connections, by integration and alias."""
        with self._context.database.reading() as session:
            return repository.list_connections(session, subject)

    def get(self, subject: Subject, connection_id: str) -> Connection:
        """Return a connection.

        Raises:
            MissingObject: the subject has no such connection.
        """
        with self._context.database.reading() as session:
            return _require(repository.find_connection(session, subject, connection_id), connection_id)

    def change(
        self, subject: Subject, connection_id: str, *, alias: str | None = None, config: Mapping[str, Any] | None = None
    ) -> Connection:
        """Change a connection's alias or config; what is None stays.

        Raises:
            WrenError: MissingObject, ConfigInvalid, AliasTaken.
        """
        current = self.get(subject, connection_id)
        checked = None if config is None else self._check_config(current.integration, config)
        with self._context.database.writing() as session:
            changed = repository.configure(
                session, subject, connection_id, alias=alias, config=checked, now=self._context.clock.now()
            )
        return _require(changed, connection_id)

    def reauthorize(
        self, subject: Subject, connection_id: str, *, values: Mapping[str, str] | None = None
    ) -> Connected:
        """Start to authorise a connection again, or replace its credentials by those given; its id stays.

        Raises:
            WrenError: MissingObject, CredentialsInvalid, ProviderNotConfigured.
        """
        current = self.get(subject, connection_id)
        spec = self._check_connectable(current.integration, values)
        checked = self._check_values(spec, values, is_again=True)
        with self._context.database.writing() as session:
            connection = _require(repository.find_connection(session, subject, connection_id), connection_id)
            started = self._proceed(session, subject, spec, connection, checked)
        if checked is not None:
            self._context.vault.erase_traces(self._context.database)  # of the credentials that were replaced
        return started

    def link(self, subject: Subject, integration: str, *, alias: str | None = None) -> Connected:
        """Return a connect link for the connection of that alias, made where there is none yet.

        Without an alias the only connection is meant, else the one called `default`.
        """
        with self._context.database.reading() as session:
            rows = repository.list_connections(session, subject, integration=integration)
        wanted = alias or (rows[0].alias if len(rows) == 1 else repository.DEFAULT_ALIAS)
        found = next((row for row in rows if row.alias == wanted), None)
        if found is None:
            return self.create(subject, ConnectRequest(integration=integration, alias=wanted))
        return self.reauthorize(subject, found.id)

    def disconnect(self, subject: Subject, connection_id: str) -> Disconnected:
        """Destroy a connection's credentials here, then revoke them at the provider.

        Raises:
            MissingObject: the subject has no such connection.
        """
        with self._context.database.writing() as session:
            connection = _require(repository.find_connection(session, subject, connection_id), connection_id)
            try:
                stored = dict(self._context.vault.open(session, connection.place))
            except CredentialUndecryptable:
                stored = {}  # an unreadable token cannot be revoked at the provider; it is destroyed anyway
            gone = repository.revoke(session, subject, connection_id, now=self._context.clock.now())
            self._context.vault.shred(session, connection.place)
        self._context.vault.erase_traces(self._context.database)
        revocation = revoke_at_provider(self._context, connection, stored)
        log.info("connection.disconnected", connection_id=connection_id, at_provider=revocation.outcome)
        return Disconnected(connection=_require(gone, connection_id, is_revoked=True), revocation=revocation)

    def _check_connectable(self, integration: str, values: Mapping[str, str] | None) -> IntegrationSpec:
        spec = self._context.registry.spec(integration)
        if not accepts_connection(spec):
            raise ConnectionNotNeeded(f"{integration} works without a connection; use it as it is")
        is_typed = gives_token(spec, values or {}) or self._context.asks_for_token(spec)
        if uses_oauth(spec) and not is_typed:
            self._context.check_registered(spec)  # fails now rather than when it is finished later
        return spec

    def _check_config(self, integration: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values as they were given: defaults come in where they are used, below the operator's own."""
        operators = self._context.configured.get(integration, {})
        check_config(self._context.registry.spec(integration), {**operators, **config})
        return dict(config)

    def _check_values(
        self, spec: IntegrationSpec, values: Mapping[str, str] | None, *, is_again: bool = False
    ) -> dict[str, str] | None:
        """Return None where a person must act, which with OAuth is always so unless a token was given."""
        if values is None and (not uses_oauth(spec) or is_again):
            return None
        if values and uses_oauth(spec) and not typed_credentials(spec) and not accepts_token(spec):
            raise CredentialsInvalid(f"{spec.name} is authorised in a browser; leave `values` out and open connect_url")
        return check_values(spec, values or {})

    def _make_pending(
        self, session: WriteSession, subject: Subject, request: ConnectRequest, config: Mapping[str, Any] | None
    ) -> Connection:
        now = self._context.clock.now()
        found = repository.find_by_alias(session, subject, request.integration, alias=request.alias)
        if found is None:
            return repository.create_pending(
                session, subject, request.integration, alias=request.alias, config=config, now=now
            )
        if found.status is ConnectionStatus.ACTIVE:
            raise AliasTaken(
                f"{found.integration} is already connected as {found.alias!r}; authorise it again, or choose an alias",
                details={"connection_id": found.id, "alias": found.alias},
            )
        if found.error is not None:
            repository.note_failure(session, subject, found.id, None, now=now)
        changed = repository.configure(session, subject, found.id, config=config, now=now)
        return _require(changed, found.id)

    def _proceed(
        self,
        session: WriteSession,
        subject: Subject,
        spec: IntegrationSpec,
        connection: Connection,
        values: dict[str, str] | None,
    ) -> Connected:
        now = self._context.clock.now()
        is_token = values is not None and gives_token(spec, values)
        if is_token:
            self._context.vault.shred(session, connection.place)  # an older refresh token would restore the old account
        if values is not None:
            self._context.vault.store(session, connection.place, values, now=now)
        if values is not None and (is_token or not uses_oauth(spec)):
            active = repository.activate(session, subject, connection.id, Grant(), now=now)
            log.info("connection.activated", connection_id=connection.id, integration=spec.name)
            return Connected(connection=_require(active, connection.id))
        expires_at = now + self._context.link_lifetime
        token = authorization_repository.create_link(session, connection, expires_at=expires_at, now=now)
        url = self._context.addresses.connect_link(spec.name, token)
        return Connected(connection=connection, connect_url=url, link=token, expires_at=expires_at)


def _require(connection: Connection | None, connection_id: str, *, is_revoked: bool = False) -> Connection:
    if connection is None or (connection.status is ConnectionStatus.REVOKED and not is_revoked):
        raise MissingObject(f"there is no connection {connection_id!r}")
    return connection
