"""Refreshing access tokens: one call per expiry, from any number of threads and processes.

The right to call is a claim on the connection's row. It is committed before the request to the provider, so it also
records that a refresh was in progress if this process dies; no transaction and no lock is open during the request.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.credentials import refresh_repository as repository
from wren_backend.connections.credentials.hidden import hide_in_text
from wren_backend.connections.credentials.notices import leave_notice, leave_warning
from wren_backend.connections.credentials.postponement import (
    REFRESH_REFUSED,
    Postponement,
    find_end,
    is_to_be_told,
    postpone,
)
from wren_backend.connections.credentials.refresh import plan_refresh, retry_at, was_interrupted
from wren_backend.connections.credentials.run_credentials import ConnectionCredentials
from wren_backend.connections.errors import ConnectionNeedsReauth
from wren_backend.connections.models import Connection
from wren_backend.connections.oauth.failures import ClientRefused, GrantDead, ProviderFailed, ProviderUnavailable
from wren_backend.connections.oauth.provider_http import TOTAL_SECONDS
from wren_backend.connections.oauth.providers import client_refused
from wren_backend.connections.oauth.token_answer import (
    TokenAnswer,
    TokenAnswerInvalid,
    credential_values,
    read_token_answer,
)
from wren_backend.connections.requirements import refresh_key
from wren_backend.ids import new_token
from wren_backend.outages import Outage
from wren_core.contract.credentials import Credentials
from wren_core.contract.spec import IntegrationSpec

log = structlog.get_logger(__name__)

_Stored = TypeVar("_Stored")

# Longer than the call can take, so that a claim ends only where its refresher is dead (or was stopped).
CLAIM_FOR = timedelta(seconds=TOTAL_SECONDS * 3)
_CUT_OFF = "an earlier refresh was cut off after the provider may have replaced the refresh token"
# Until it is stored, a rotated refresh token exists only in this process: keep trying while the claim lasts.
_STORE_ATTEMPTS = 8
_STORE_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class RefreshOutcome:
    """How an attempt ended; with neither field set, a rival has changed the connection or is changing it."""

    refreshed: ConnectionCredentials | None = None
    """The new credentials, which are in place."""
    failure: str | None = None
    """The reason, in words that are safe to show."""


class Refresher:
    """Performs one refresh. `refresh.next_step` decides whether one is due."""

    def __init__(self, context: ConnectionContext, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._context = context
        self._sleep = sleep

    def refresh(self, spec: IntegrationSpec, connection: Connection) -> RefreshOutcome:
        """Refresh the credentials of `connection` as it was read, unless a rival is faster.

        Raises:
            ProviderNotConfigured: this server has no client at the provider, or the provider refuses it.
            ConfigInvalid: the provider's address needs a value that the connection lacks.
        """
        provider = self._context.provider(spec, connection.config)
        claimant = new_token()
        credentials = self._claim(connection, claimant)
        if credentials is None:
            return RefreshOutcome()
        try:
            reply = self._context.endpoint.refresh(provider, credentials[refresh_key(spec)])
            answer = read_token_answer(reply, scope_separator=provider.scope_separator, now=self._context.clock.now())
        except GrantDead as exc:
            reason = hide_in_text(f"the provider refused the refresh token; {exc}", credentials.values())
            return self._give_up(connection, claimant, reason)
        except (ProviderFailed, TokenAnswerInvalid) as exc:
            reason = hide_in_text(str(exc), credentials.values())
            postponement = postpone(connection, exc, reason=reason, now=self._context.clock.now())
            end = find_end(postponement, now=self._context.clock.now())
            if end is not None:
                return self._give_up(connection, claimant, end)
            self._postpone(connection, claimant, postponement, exc)
            if isinstance(exc, ClientRefused):
                raise client_refused(spec.name, provider.name) from exc
            return RefreshOutcome(failure=reason)
        return self._store(spec, connection, credentials, answer)

    def _claim(self, connection: Connection, claimant: str) -> Credentials | None:
        """Return the credentials, once this process holds a committed claim on them; None where it does not."""
        now = self._context.clock.now()
        with self._context.database.writing() as session:
            until = now + CLAIM_FOR
            if not repository.claim_refresh(session, connection, claimant=claimant, until=until, now=now):
                return None
            # Opened under the claim, and only here: they stay as they are until the claim ends or the version rises.
            credentials = self._context.vault.open(session, connection.place)
        if was_interrupted(connection, now):
            log.error("connection.refresh_was_interrupted", **_log_fields(connection))
        return credentials

    def _store(
        self, spec: IntegrationSpec, connection: Connection, credentials: Credentials, answer: TokenAnswer
    ) -> RefreshOutcome:
        stored = self._persist(lambda: self._store_once(spec, connection, answer))
        if stored is None:
            log.warning("connection.refresh_superseded", **_log_fields(connection))
            self._context.on_refresh("superseded")
            return RefreshOutcome()
        log.info("connection.refreshed", **_log_fields(connection), expires_at=answer.expires_at)
        self._context.on_refresh("refreshed")
        values = {**credentials, **credential_values(spec, answer)}
        passes = spec.name in self._context.passing_refresh_tokens
        return RefreshOutcome(refreshed=ConnectionCredentials.of(spec, stored, values, passes_refresh_token=passes))

    def _store_once(self, spec: IntegrationSpec, connection: Connection, answer: TokenAnswer) -> Connection | None:
        now = self._context.clock.now()
        with self._context.database.writing() as session:
            scopes = list(answer.scopes) if answer.scopes is not None else None
            stored = repository.store_refreshed(
                session, connection, expires_at=answer.expires_at, scopes=scopes, now=now
            )
            if stored is None:
                return None
            self._context.vault.store(session, connection.place, credential_values(spec, answer), now=now)
            at = plan_refresh(expires_at=answer.expires_at, now=now, margin=self._context.refresh_margin)
            return repository.plan_refresh(session, stored, at=at)

    def _give_up(self, connection: Connection, claimant: str, why: str) -> RefreshOutcome:
        now = self._context.clock.now()
        reason = f"{_CUT_OFF}; {why}" if was_interrupted(connection, now) else why
        error = {"code": ConnectionNeedsReauth.code, "message": reason, "at": now.isoformat()}
        with self._context.database.writing() as session:
            # Where a rival took the claim over, its answer counts: this token may be dead because of the rival's call.
            is_ours = repository.release_claim(session, connection, claimant=claimant)
            marked = repository.mark_needs_reauth(session, connection, error=error, now=now) if is_ours else None
            if marked is not None:
                leave_notice(session, marked, self._context.addresses, now=now)
        if marked is None:
            log.warning("connection.refresh_superseded", **_log_fields(connection))
            return RefreshOutcome()
        log.error("connection.needs_reauth", **_log_fields(connection), reason=reason)
        self._context.on_refresh("needs_reauth")
        return RefreshOutcome(failure=reason)

    def _postpone(self, connection: Connection, claimant: str, postponement: Postponement, failure: Exception) -> None:
        now = self._context.clock.now()
        at = retry_at(
            failures=connection.refresh_failures + 1,
            now=now,
            retry_after=failure.retry_after if isinstance(failure, ProviderUnavailable) else None,
            refusals=postponement.refusals if postponement.code == REFRESH_REFUSED else 0,
        )
        is_told = is_to_be_told(postponement, now=now)
        kept = replace(postponement, is_told=postponement.is_told or is_told).to_document(now=now)
        with self._context.database.writing() as session:
            row = repository.postpone_refresh(session, connection, claimant=claimant, retry_at=at, error=kept, now=now)
            if row is not None and is_told:
                leave_warning(session, row, since=postponement.since, now=now)
        log.warning("connection.refresh_postponed", **_log_fields(connection), reason=postponement.message, retry_at=at)
        self._context.on_refresh("postponed")

    def _persist(self, store: Callable[[], _Stored]) -> _Stored:
        for _ in range(_STORE_ATTEMPTS - 1):
            try:
                return store()
            except Outage:
                self._sleep(_STORE_PAUSE_SECONDS)
        return store()


def _log_fields(connection: Connection) -> dict[str, str | datetime | None]:
    return {
        "connection_id": connection.id,
        "workspace_id": connection.workspace_id,
        "integration": connection.integration,
    }
