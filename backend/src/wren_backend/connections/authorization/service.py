"""Use case of the browser: come back from the provider."""

from collections.abc import Mapping
from typing import Any

import structlog

from wren_backend.connections import repository
from wren_backend.connections.authorization import repository as flows
from wren_backend.connections.authorization.departures import Arrival
from wren_backend.connections.authorization.proofs import USED_UP, connection_of, owner_of, subject_of
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.credentials.hidden import SecretHider, hide_in_error
from wren_backend.connections.credentials.refresh import plan_refresh
from wren_backend.connections.errors import AccountMismatch, FlowRefused, ProviderNotConfigured
from wren_backend.connections.models import Connection, OAuthState, code_verifier_place
from wren_backend.connections.oauth.accounts import ProviderAccount, account_of_token, account_of_userinfo
from wren_backend.connections.oauth.failures import ClientRefused, ProviderFailed, ProviderUnavailable, Unauthorized
from wren_backend.connections.oauth.flow import CallbackAnswer, check_answer, cookie_name
from wren_backend.connections.oauth.provider_addresses import variable
from wren_backend.connections.oauth.providers import Provider
from wren_backend.connections.oauth.token_answer import (
    TokenAnswer,
    TokenAnswerInvalid,
    credential_values,
    read_token_answer,
)
from wren_backend.connections.repository import Grant
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import Unavailable, WrenError

log = structlog.get_logger(__name__)

_UNKNOWN_STATE = "this answer belongs to no authorization that started in this browser, or it came too late"


class AuthorizationService:
    """Takes the answer of a provider. No request has an API key: a state and a cookie are the proof."""

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context

    def finish(self, integration: str, answer: CallbackAnswer, cookies: Mapping[str, str]) -> Arrival:
        """Exchange the code in the provider's answer for tokens, and store them.

        A refusal stores its reason alone, and only where the answer belongs to a pending flow.

        Raises:
            WrenError: FlowRefused, AccountMismatch, ProviderNotConfigured, Unavailable.
        """
        spec = self._context.registry.spec(integration)
        state, verifier = self._take_state(spec, answer, cookies)
        try:
            return self._complete(spec, state, verifier, answer)
        except WrenError as exc:
            self._hide_secrets(state, exc, [verifier, answer.code or ""])
            self._note_failure(state, exc)
            raise

    def _complete(self, spec: IntegrationSpec, state: OAuthState, verifier: str, answer: CallbackAnswer) -> Arrival:
        with self._context.database.reading() as session:
            config = connection_of(session, state).config
        provider = self._context.provider(spec, config)
        code = check_answer(answer, provider)
        try:
            reply = self._context.endpoint.exchange(
                provider, code=code, code_verifier=verifier, redirect_uri=state.redirect_uri
            )
            grant = read_token_answer(reply, scope_separator=provider.scope_separator, now=self._context.clock.now())
        except (ProviderFailed, TokenAnswerInvalid) as exc:
            raise _make_exchange_error(spec, provider, exc) from exc
        return self._store(spec, state, grant, self._account(provider, reply, grant))

    def _take_state(
        self, spec: IntegrationSpec, answer: CallbackAnswer, cookies: Mapping[str, str]
    ) -> tuple[OAuthState, str]:
        """Use the state up, whatever the answer is, and return it with its code verifier."""
        browser = cookies.get(cookie_name(answer.state), "")
        with self._context.database.writing() as session:
            state = flows.consume_state(
                session, answer.state, browser=browser, integration=spec.name, now=self._context.clock.now()
            )
            if state is None:
                raise FlowRefused(_UNKNOWN_STATE)
            place = code_verifier_place(state.workspace_id, state.state_hash)
            verifier = self._context.vault.open_text(session, place, state.sealed_code_verifier)
        return state, verifier

    def _account(self, provider: Provider, reply: Mapping[str, Any], grant: TokenAnswer) -> ProviderAccount:
        account = account_of_token(reply)
        if account.is_known or provider.userinfo_url is None:
            return account
        try:
            return account_of_userinfo(self._context.endpoint.userinfo(provider, grant.access_token))
        except ProviderFailed as exc:
            log.warning("connection.account_unknown", provider=provider.name, reason=str(exc))
            return ProviderAccount()

    def _store(self, spec: IntegrationSpec, state: OAuthState, grant: TokenAnswer, account: ProviderAccount) -> Arrival:
        now = self._context.clock.now()
        with self._context.database.writing() as session:
            owner, connection = owner_of(session, state), connection_of(session, state)
            _check_account(connection, account)
            granted = Grant(
                scopes=state.scopes if grant.scopes is None else grant.scopes,
                expires_at=grant.expires_at,
                account_id=account.id or connection.account_id,
                account_label=account.label or connection.account_label,
            )
            self._context.vault.store(session, connection.place, credential_values(spec, grant), now=now)
            active = repository.activate(session, subject_of(state), connection.id, granted, now=now)
            if active is None:
                raise FlowRefused(USED_UP)
            at = plan_refresh(expires_at=grant.expires_at, now=now, margin=self._context.refresh_margin)
            refresh_repository.plan_refresh(session, active, at=at)
        log.info("connection.authorized", connection_id=active.id, integration=spec.name)
        return Arrival(spec=spec, connection=active, owner=owner)

    def _hide_secrets(self, state: OAuthState, exc: WrenError, more: list[str]) -> None:
        """Keep out of an error what a provider may have repeated: secrets of the user, and those of this flow."""
        hide_in_error(exc, [*SecretHider(self._context).list_secrets(subject_of(state)), *more])

    def _note_failure(self, state: OAuthState, exc: WrenError) -> None:
        """Record that this attempt is over, for a client that waits for the connection."""
        error = {"code": exc.code, "message": exc.message}
        with self._context.database.writing() as session:
            now = self._context.clock.now()
            repository.note_failure(session, subject_of(state), state.connection_id, error, now=now)
        log.warning("connection.not_authorized", connection_id=state.connection_id, code=exc.code)


def _check_account(connection: Connection, account: ProviderAccount) -> None:
    """Refuse to swap the account behind a connection: scripts would read and write another person's data."""
    known = ProviderAccount(id=connection.account_id, label=connection.account_label)
    if not known.is_known:
        return
    if not account.is_known:
        raise AccountMismatch(
            f"the provider did not say whose account this is, and the connection belongs to {known.label or known.id}; "
            "nothing was changed, try again"
        )
    if known.differs_from(account):
        raise AccountMismatch(
            f"you signed in as {account.label or account.id}, but this connection belongs to "
            f"{known.label or known.id}; nothing was changed. Sign in to the right account, or connect this one "
            "under another alias"
        )


def _make_exchange_error(spec: IntegrationSpec, provider: Provider, exc: Exception) -> WrenError:
    if isinstance(exc, ProviderUnavailable):
        return Unavailable(f"{spec.display_name} could not be connected: {exc}; try again in a while")
    if isinstance(exc, ClientRefused | Unauthorized):
        wanted = variable(provider.name, "client_secret")
        return ProviderNotConfigured(f"{exc}; an operator checks {wanted}", details={"variable": wanted})
    return FlowRefused(f"{spec.display_name} could not be connected: {exc}")
