"""From a link to the provider: the state of the request, and what the browser takes along."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wren_backend.connections import repository
from wren_backend.connections.authorization import repository as flows
from wren_backend.connections.authorization.proofs import USED_UP, connection_of, subject_of
from wren_backend.connections.authorization.repository import NewState
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.errors import FlowRefused
from wren_backend.connections.models import Connection, ConnectLink, code_verifier_place
from wren_backend.connections.oauth.flow import authorization_url, cookie_name
from wren_backend.connections.oauth.providers import Provider
from wren_backend.ids import hash_token, new_token
from wren_backend.storage.database import WriteSession
from wren_core.contract.spec import IntegrationSpec


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Sends the browser to the provider, with a cookie that identifies it when it returns."""

    url: str = field(repr=False)
    cookie_name: str
    cookie_value: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A connection that works now."""

    spec: IntegrationSpec
    connection: Connection
    owner: str
    """The user for whom Wren may use it, and their workspace, for a person to read."""


def depart(
    context: ConnectionContext, spec: IntegrationSpec, provider: Provider, token: str, *, config: Mapping[str, Any]
) -> Departure:
    """Use a link up and return the way to the provider.

    Raises:
        FlowRefused: another request was faster.
    """
    state, browser, verifier = new_token(), new_token(), new_token()
    redirect_uri, scopes = context.addresses.callback(spec.name), spec.required_scopes
    now = context.clock.now()
    with context.database.writing() as session:
        link = flows.consume_link(session, token, now=now)
        if link is None:
            raise FlowRefused(USED_UP)
        connection = connection_of(session, link)
        configure(session, connection, link, config, now=now)
        place = code_verifier_place(link.workspace_id, hash_token(state))
        new = NewState(
            state=state,
            browser=browser,
            sealed_code_verifier=context.vault.seal_text(session, place, verifier, now=now),
            redirect_uri=redirect_uri,
            scopes=scopes,
            expires_at=now + context.state_lifetime,
        )
        flows.create_state(session, connection, new, now=now)
    url = authorization_url(provider, redirect_uri=redirect_uri, scopes=scopes, state=state, code_verifier=verifier)
    return Departure(url=url, cookie_name=cookie_name(state), cookie_value=browser)


def configure(
    session: WriteSession, connection: Connection, link: ConnectLink, config: Mapping[str, Any], *, now: datetime
) -> None:
    """Store the configuration of a connection where it is another one."""
    if dict(config) != connection.config:
        repository.configure(session, subject_of(link), connection.id, config=config, now=now)
