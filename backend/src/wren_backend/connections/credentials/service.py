"""Credentials for a run: fresh ones at its start, renewed ones when the provider refuses them."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from wren_backend.connections import repository
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.credentials.refresh import Step, next_step
from wren_backend.connections.credentials.refresher import Refresher, RefreshOutcome
from wren_backend.connections.credentials.run_credentials import ConnectionCredentials, RunCredentials
from wren_backend.connections.credentials.selection import check_connection, reason_of, select_connection
from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.connections.requirements import accepts_connection, refresh_key
from wren_backend.tenancy.auth import Subject
from wren_core.contract.credentials import Credentials
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import WrenError

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 0.5
# A renewal takes 20 s at most; whoever waits longer waits for a refresher that died, until its claim ends.
_PATIENCE_SECONDS = 90.0
# A script decides when a renewal is asked for; one that asks in a loop must not become a loop at the provider.
_LEAST_AGE = timedelta(seconds=30)


class CredentialService:
    """Hands out credentials, renewed where they are about to end."""

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

    def run_environment(self, subject: Subject, integrations: Iterable[str]) -> RunCredentials:
        """Return the credentials a run of these integrations needs.

        Raises:
            WrenError: the first thing that is in the way: IntegrationUnknown, PluginFailed, IntegrationNotConfigured,
                ConnectionAmbiguous, ConnectionNeedsReauth, TokenExpired, ScopeMissing, Unavailable.
        """
        specs = [self._context.registry.spec(name) for name in dict.fromkeys(integrations)]
        chosen = [(spec, self.choose(subject, spec)) for spec in specs]
        held = [self.open(spec, connection) for spec, connection in chosen if connection is not None]
        return RunCredentials(held, refresh=self.refresh)

    def choose(self, subject: Subject, spec: IntegrationSpec) -> Connection | None:
        """Return the subject's connection for an integration, checked; None where none is needed. Calls no provider.

        Raises:
            WrenError: as `run_environment` does.
        """
        if not accepts_connection(spec):
            return None
        problems = self._context.problems(spec)
        with self._context.database.reading() as session:
            rows = repository.list_connections(session, subject, integration=spec.name)
            connection = select_connection(rows, problems, user_id=subject.user_id)
            if connection is not None:
                stored = self._context.vault.list_fields(session, connection.place)
                check_connection(connection, stored, problems, now=self._context.clock.now())
        return connection

    def connected(self, subject: Subject) -> frozenset[str]:
        """Return the integrations to which the subject has a connection that works."""
        with self._context.database.reading() as session:
            rows = repository.list_connections(session, subject)
        return frozenset(row.integration for row in rows if row.status is ConnectionStatus.ACTIVE)

    def open(
        self,
        spec: IntegrationSpec,
        connection: Connection | ConnectionCredentials,
        *,
        refused_version: int | None = None,
    ) -> ConnectionCredentials:
        """Return a connection's credentials, renewed first where they are due or the provider refused them.

        Raises:
            WrenError: the access has ended and could not be renewed.
        """
        workspace_id = connection.workspace_id
        connection_id = connection.connection_id if isinstance(connection, ConnectionCredentials) else connection.id
        return self._settle(spec, workspace_id, connection_id, refused_version=refused_version)

    def refresh(self, held: ConnectionCredentials) -> ConnectionCredentials:
        """Return newer credentials than `held`, which the provider refused: those in place by now, else renewed ones.

        Credentials that were renewed moments ago are returned as they are: asking again would not help.

        Raises:
            WrenError: they could not be renewed.
        """
        now = self._context.clock.now()
        if held.refreshed_at is not None and now - held.refreshed_at < _LEAST_AGE:
            return held
        spec = self._context.registry.spec(held.integration)
        return replace(self.open(spec, held, refused_version=held.version), refreshed_at=now)

    def refresh_expiring(self, *, limit: int = 20) -> int:
        """Renew connections that are about to end although no run asks for them; return how many were tried."""
        now, margin = self._context.clock.now(), self._context.refresh_margin
        with self._context.database.reading() as session:
            rows = refresh_repository.list_expiring(session, margin=margin, now=now, limit=limit)
        known = [row for row in rows if row.integration in self._context.registry]
        for row in known:
            try:
                self.open(self._context.registry.spec(row.integration), row)
            except WrenError:
                continue  # the refresher has logged it, and recorded it with the connection
        return len(known)

    def _settle(
        self, spec: IntegrationSpec, workspace_id: str, connection_id: str, *, refused_version: int | None
    ) -> ConnectionCredentials:
        deadline, pause, outcome = time.monotonic() + self._patience_seconds, _FIRST_PAUSE_SECONDS, RefreshOutcome()
        while True:
            connection, credentials = self._read(spec, workspace_id, connection_id)
            refreshable = refresh_key(spec) in credentials
            now = self._context.clock.now()
            step = next_step(connection, refreshable=refreshable, now=now, refused_version=refused_version)
            # A token so short-lived that it is due again at once is used, not renewed for ever.
            if step is Step.USE or (step is Step.REFRESH and outcome.connection is not None):
                return ConnectionCredentials.of(spec, connection, credentials)
            if step is Step.REFRESH:
                outcome = self._refresher.refresh(spec, connection)
            elif step is Step.WAIT and time.monotonic() < deadline:
                self._sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
            else:
                raise self._verdict(spec, connection, step, outcome, is_refused=refused_version is not None)

    def _read(self, spec: IntegrationSpec, workspace_id: str, connection_id: str) -> tuple[Connection, Credentials]:
        with self._context.database.reading() as session:
            connection = refresh_repository.find_any(session, workspace_id, connection_id)
            if connection is None:
                raise self._context.problems(spec).not_configured()
            return connection, self._context.vault.open(session, connection.place)

    def _verdict(
        self, spec: IntegrationSpec, connection: Connection, step: Step, outcome: RefreshOutcome, *, is_refused: bool
    ) -> WrenError:
        problems = self._context.problems(spec)
        if step is Step.UNUSABLE:
            is_dead = connection.status is ConnectionStatus.NEEDS_REAUTH
            said = problems.needs_reauth(connection.alias, reason_of(connection))
            return said if is_dead else problems.not_configured(user_id=connection.user_id)
        if step is Step.ENDED:
            said = problems.needs_reauth(connection.alias, "the provider refused the credential")
            return said if is_refused else problems.token_expired(connection.alias)
        reason = outcome.failure or "the attempt before this one failed, or is still under way"
        now = self._context.clock.now()
        wait = (connection.next_refresh_at or now) - now
        wait_ms = max(1000, round(wait.total_seconds() * 1000))
        return problems.refresh_failed(connection.alias, reason, retry_after_ms=wait_ms)
