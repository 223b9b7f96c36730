"""Use cases of the browser: open a connect link, go to the provider and come back, or type credentials in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from wren_backend.connections import repository
from wren_backend.connections.authorization import repository as flows
from wren_backend.connections.authorization.repository import NewState
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.credentials.refresh import plan_refresh
from wren_backend.connections.errors import AccountMismatch, FlowRefused, ProviderNotConfigured
from wren_backend.connections.models import Connection, ConnectionStatus, ConnectLink, OAuthState, code_verifier_place
from wren_backend.connections.oauth.accounts import ProviderAccount, account_of_token, account_of_userinfo
from wren_backend.connections.oauth.failures import ClientRefused, ProviderFailed, ProviderUnavailable, Unauthorized
from wren_backend.connections.oauth.flow import CallbackAnswer, authorization_url, check_answer, cookie_name
from wren_backend.connections.oauth.providers import Provider, variable
from wren_backend.connections.oauth.token_answer import (
    TokenAnswer,
    TokenAnswerInvalid,
    credential_values,
    read_token_answer,
)
from wren_backend.connections.repository import Grant
from wren_backend.connections.requirements import access_key, check_values, gives_token, uses_oauth
from wren_backend.ids import hash_token, new_token
from wren_backend.storage.database import ReadSession
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import Unavailable, WrenError

log = structlog.get_logger(__name__)

_USED_UP = "this link has been used, has expired, or was not made for this page"
_UNKNOWN_STATE = "this answer belongs to no authorization that started in this browser, or it came too late"


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Sends the browser to the provider, with a cookie that identifies it when it returns."""

    url: str = field(repr=False)
    cookie_name: str
    cookie_value: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ValuesWanted:
    """Asks the person to type credentials in."""

    spec: IntegrationSpec
    owner: str


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A connection that works now."""

    spec: IntegrationSpec
    connection: Connection
    owner: str
    """The user for whom Wren may use it, and their workspace, for a person to read."""


class AuthorizationService:
    """The browser's part of connecting. No request has an API key: links, states and cookies are the proof."""

    def __init__(self, context: ConnectionContext) -> None:
        self._context = context

    def open_link(self, integration: str, token: str) -> Departure | ValuesWanted:
        """Start the authorization that a connect link is for. With OAuth this uses the link up.

        Raises:
            WrenError: FlowRefused, ProviderNotConfigured, IntegrationUnknown, PluginFailed.
        """
        spec = self._context.registry.spec(integration)
        with self._context.database.reading() as session:
            link = self._link(session, spec, token)
            owner = self._owner(session, link)
        if not uses_oauth(spec) or self._context.asks_for_token(spec):
            return ValuesWanted(spec=spec, owner=owner)
        return self._depart(spec, self._context.provider(spec), token)

    def submit(self, integration: str, token: str, values: Mapping[str, str]) -> Arrival:
        """Store the credentials that a person typed in; this uses the link up.

        Raises:
            WrenError: FlowRefused, CredentialsInvalid (the link stays valid), IntegrationUnknown, PluginFailed.
        """
        spec = self._context.registry.spec(integration)
        now = self._context.clock.now()
        with self._context.database.writing() as session:
            link = self._link(session, spec, token)
            checked = check_values(spec, {access_key(spec): "", **values} if uses_oauth(spec) else values)
            if flows.consume_link(session, token, now=now) is None:
                raise FlowRefused(_USED_UP)
            owner, connection = self._owner(session, link), self._connection(session, link)
            if gives_token(spec, checked):
                self._context.vault.shred(session, connection.place)  # as where the token comes over the API
            self._context.vault.store(session, connection.place, checked, now=now)
            active = repository.activate(session, _subject(link), connection.id, Grant(), now=now)
        if active is None:
            raise FlowRefused(_USED_UP)
        log.info("connection.activated", connection_id=active.id, integration=spec.name)
        return Arrival(spec=spec, connection=active, owner=owner)

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
            self._note_failure(state, exc)
            raise

    def _complete(self, spec: IntegrationSpec, state: OAuthState, verifier: str, answer: CallbackAnswer) -> Arrival:
        provider = self._context.provider(spec)
        code = check_answer(answer, provider)
        try:
            reply = self._context.endpoint.exchange(
                provider, code=code, code_verifier=verifier, redirect_uri=state.redirect_uri
            )
            grant = read_token_answer(reply, scope_separator=provider.scope_separator, now=self._context.clock.now())
        except (ProviderFailed, TokenAnswerInvalid) as exc:
            raise _make_exchange_error(spec, provider, exc) from exc
        return self._store(spec, state, grant, self._account(provider, reply, grant))

    def owner_of(self, subject: Subject) -> str:
        """Return the user and the workspace of a subject, for a person to read."""
        with self._context.database.reading() as session:
            return self._owner(session, subject)

    def _depart(self, spec: IntegrationSpec, provider: Provider, token: str) -> Departure:
        state, browser, verifier = new_token(), new_token(), new_token()
        redirect_uri, scopes = self._context.addresses.callback(spec.name), spec.required_scopes
        now = self._context.clock.now()
        with self._context.database.writing() as session:
            link = flows.consume_link(session, token, now=now)
            if link is None:
                raise FlowRefused(_USED_UP)
            connection = self._connection(session, link)
            place = code_verifier_place(link.workspace_id, hash_token(state))
            sealed = self._context.vault.seal_text(session, place, verifier, now=now)
            new = NewState(
                state=state,
                browser=browser,
                sealed_code_verifier=sealed,
                redirect_uri=redirect_uri,
                scopes=scopes,
                expires_at=now + self._context.state_lifetime,
            )
            flows.create_state(session, connection, new, now=now)
        url = authorization_url(provider, redirect_uri=redirect_uri, scopes=scopes, state=state, code_verifier=verifier)
        return Departure(url=url, cookie_name=cookie_name(state), cookie_value=browser)

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
            owner, connection = self._owner(session, state), self._connection(session, state)
            _check_account(connection, account)
            granted = Grant(
                scopes=state.scopes if grant.scopes is None else grant.scopes,
                expires_at=grant.expires_at,
                account_id=account.id or connection.account_id,
                account_label=account.label or connection.account_label,
            )
            self._context.vault.store(session, connection.place, credential_values(spec, grant), now=now)
            active = repository.activate(session, _subject(state), connection.id, granted, now=now)
            if active is None:
                raise FlowRefused(_USED_UP)
            at = plan_refresh(expires_at=grant.expires_at, now=now, margin=self._context.refresh_margin)
            refresh_repository.plan_refresh(session, active, at=at)
        log.info("connection.authorized", connection_id=active.id, integration=spec.name)
        return Arrival(spec=spec, connection=active, owner=owner)

    def _note_failure(self, state: OAuthState, exc: WrenError) -> None:
        """Record that this attempt is over, for a client that waits for the connection."""
        error = {"code": exc.code, "message": exc.message}
        with self._context.database.writing() as session:
            now = self._context.clock.now()
            repository.note_failure(session, _subject(state), state.connection_id, error, now=now)
        log.warning("connection.not_authorized", connection_id=state.connection_id, code=exc.code)

    def _link(self, session: ReadSession, spec: IntegrationSpec, token: str) -> ConnectLink:
        link = flows.find_link(session, token, now=self._context.clock.now())
        if link is None or link.integration != spec.name:
            raise FlowRefused(_USED_UP)
        return link

    def _connection(self, session: ReadSession, proof: ConnectLink | OAuthState) -> Connection:
        connection = repository.find_connection(session, _subject(proof), proof.connection_id)
        if connection is None or connection.status is ConnectionStatus.REVOKED:
            raise FlowRefused("the connection has been removed")
        return connection

    def _owner(self, session: ReadSession, proof: ConnectLink | OAuthState | Subject) -> str:
        user = tenancy.find_user(session, proof.workspace_id, proof.user_id)
        workspace = tenancy.find_workspace(session, proof.workspace_id)
        if user is None or workspace is None or user.disabled_at is not None:
            raise FlowRefused("the user who started this may no longer use Wren")
        return f"{user.name} in {workspace.name}"


def _subject(proof: ConnectLink | OAuthState) -> Subject:
    return Subject(workspace_id=proof.workspace_id, user_id=proof.user_id)


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
