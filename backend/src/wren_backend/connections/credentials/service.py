"""Credentials for a run: valid ones at its start, refreshed ones when the provider refuses them."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from wren_backend.connections import repository
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.credentials.refresh import Step, has_failed_to_refresh, next_step
from wren_backend.connections.credentials.refresher import Refresher
from wren_backend.connections.credentials.run_credentials import ConnectionCredentials
from wren_backend.connections.credentials.selection import reason_of, select
from wren_backend.connections.errors import ProviderNotConfigured
from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.connections.oauth.providers import client_refused
from wren_backend.connections.requirements import refresh_key
from wren_backend.storage.database import ReadSession
from wren_backend.tenancy.auth import Subject
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import WrenError

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 0.5
# A refresh takes 20 s at most; a longer wait is for a refresher that died, until its claim ends.
_PATIENCE_SECONDS = 90.0
# A script decides when it asks for a refresh; a script that asks in a loop must not become a loop at the provider.
_LEAST_AGE = timedelta(seconds=30)


class CredentialService:
    """Opens connections, and refreshes tokens that are about to end first."""

    def __init__(
        self,
        context: ConnectionContext,
        *,
        patience_seconds: float = _PATIENCE_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._context = context
        self._refresher = Refresher(context, sleep=sleep)
        self._patience_seconds = patience_seconds
        self._sleep = sleep

    def select(self, subject: Subject, integration: str, alias: str | None = None) -> Connection | None:
        """Return the subject's connection to an integration, checked; `selection.select` says which and what fails."""
        return select(self._context, subject, integration, alias)

    def check(self, subject: Subject, integration: str, alias: str | None = None) -> None:
        """Return where a run could use the connection now; raises as `select` does, and where refreshing it fails.

        Calls no provider: it tells how the latest attempt ended.
        """
        connection = self.select(subject, integration, alias)
        if connection is None or not has_failed_to_refresh(connection, self._context.clock.now()):
            return
        spec = self._context.registry.spec(integration)
        raise self._problem(spec, connection, Step.LATER, None, is_refused=False)

    def list_connected(self, subject: Subject) -> frozenset[str]:
        """Return the integrations to which the subject has a connection that works."""
        with self._context.database.reading() as session:
            rows = repository.list_connections(session, subject)
        return frozenset(row.integration for row in rows if row.status is ConnectionStatus.ACTIVE)

    def open(self, connection: Connection) -> ConnectionCredentials:
        """Return a connection's credentials, refreshed first where they are due.

        Raises:
            WrenError: the access has ended and cannot be refreshed.
        """
        return self._open(connection.integration, connection.workspace_id, connection.id, refused_version=None)

    def refresh(self, refused: ConnectionCredentials) -> ConnectionCredentials:
        """Return newer credentials than those the provider refused: the stored ones if newer, else refreshed ones.

        Credentials that were refreshed moments ago are returned as they are: another refresh would not help.

        Raises:
            WrenError: they cannot be refreshed.
        """
        now = self._context.clock.now()
        if refused.refreshed_at is not None and now - refused.refreshed_at < _LEAST_AGE:
            return refused
        newer = self._open(
            refused.integration, refused.workspace_id, refused.connection_id, refused_version=refused.version
        )
        return replace(newer, refreshed_at=now)

    def refresh_expiring(self, *, limit: int = 20) -> int:
        """Refresh connections that are about to end although no run asks for them; return how many were tried."""
        now, margin = self._context.clock.now(), self._context.refresh_margin
        with self._context.database.reading() as session:
            rows = refresh_repository.list_expiring(session, margin=margin, now=now, limit=limit)
        known = [row for row in rows if row.integration in self._context.registry]
        for row in known:
            try:
                self.open(row)
            except WrenError:
                continue  # the refresher has logged it, and recorded it with the connection
        return len(known)

    def _open(
        self, integration: str, workspace_id: str, connection_id: str, *, refused_version: int | None
    ) -> ConnectionCredentials:
        spec = self._context.registry.spec(integration)
        deadline, pause, failure = time.monotonic() + self._patience_seconds, _FIRST_PAUSE_SECONDS, None
        while True:
            with self._context.database.reading() as session:
                connection = self._read(session, spec, workspace_id, connection_id)
                step = self._next_step(session, spec, connection, refused_version)
                if step is Step.USE:
                    credentials = self._context.vault.open(session, connection.place)
                    passes = spec.name in self._context.passing_refresh_tokens
                    return ConnectionCredentials.of(spec, connection, credentials, passes_refresh_token=passes)
            if step is Step.REFRESH:
                outcome = self._refresher.refresh(spec, connection)
                if outcome.refreshed is not None:
                    return outcome.refreshed
                failure = outcome.failure
            elif step is Step.WAIT and time.monotonic() < deadline:
                self._sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
            else:
                raise self._problem(spec, connection, step, failure, is_refused=refused_version is not None)

    def _read(self, session: ReadSession, spec: IntegrationSpec, workspace_id: str, connection_id: str) -> Connection:
        connection = refresh_repository.find_any(session, workspace_id, connection_id)
        if connection is None:
            raise self._context.problems(spec).not_configured()
        return connection

    def _next_step(
        self, session: ReadSession, spec: IntegrationSpec, connection: Connection, refused_version: int | None
    ) -> Step:
        refreshable = refresh_key(spec) in self._context.vault.list_fields(session, connection.place)
        now = self._context.clock.now()
        return next_step(connection, refreshable=refreshable, now=now, refused_version=refused_version)

    def _problem(
        self, spec: IntegrationSpec, connection: Connection, step: Step, failure: str | None, *, is_refused: bool
    ) -> WrenError:
        problems = self._context.problems(spec)
        if step is Step.UNUSABLE:
            if connection.status is ConnectionStatus.NEEDS_REAUTH:
                return problems.needs_reauth(connection.alias, reason_of(connection))
            return problems.not_configured(user_id=connection.user_id)
        if step is Step.ENDED:
            if is_refused:
                return problems.needs_reauth(connection.alias, "the provider refused the credential")
            return problems.token_expired(connection.alias)
        if failure is None and (connection.error or {}).get("code") == ProviderNotConfigured.code:
            return client_refused(spec.name, spec.oauth_provider or "")
        reason = failure or str((connection.error or {}).get("message") or "the previous attempt is still under way")
        now = self._context.clock.now()
        wait = (connection.next_refresh_at or now) - now
        wait_ms = max(1000, round(wait.total_seconds() * 1000))
        return problems.refresh_failed(connection.alias, reason, retry_after_ms=wait_ms)
