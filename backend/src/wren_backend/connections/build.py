"""Puts the use cases of connections together, once at start."""

from dataclasses import dataclass

from fastapi import Request

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.authorization.attempts import AttemptLimit
from wren_backend.connections.authorization.links import LinkService
from wren_backend.connections.authorization.pages import Pages
from wren_backend.connections.authorization.repository import purge_expired
from wren_backend.connections.authorization.service import AuthorizationService
from wren_backend.connections.context import ConnectionContext, FindTestProblem
from wren_backend.connections.credentials.hidden import SecretHider
from wren_backend.connections.credentials.service import CredentialService
from wren_backend.connections.oauth.token_endpoint import TokenEndpoint
from wren_backend.connections.service import ConnectionService
from wren_backend.ground import Ground


@dataclass(frozen=True, kw_only=True)
class ConnectionServices:
    """What routers and the worker need of connections. An app carries them as `app.state.services.connections`."""

    context: ConnectionContext
    connections: ConnectionService
    links: LinkService
    authorization: AuthorizationService
    credentials: CredentialService
    secrets: SecretHider
    pages: Pages
    attempts: AttemptLimit

    @classmethod
    def of(cls, context: ConnectionContext) -> "ConnectionServices":
        """Build the use cases over one context."""
        return cls(
            context=context,
            connections=ConnectionService(context),
            links=LinkService(context),
            authorization=AuthorizationService(context),
            credentials=CredentialService(context),
            secrets=SecretHider(context),
            pages=Pages(context.addresses),
            attempts=AttemptLimit(),
        )

    def keep_up(self) -> int:
        """Refresh tokens about to end and delete links past their time, for a timer; return how many were tried."""
        with self.context.database.writing() as session:
            purge_expired(session, now=self.context.clock.now())
        if self.context.vault.has_traces:
            self.context.vault.erase_traces(self.context.database)
        return self.credentials.refresh_expiring()

    def close(self) -> None:
        """Close the HTTP connections to providers; at the end of the process."""
        self.context.endpoint.dispose()


def build_connections(ground: Ground, *, find_test_problem: FindTestProblem) -> ConnectionServices:
    """Return the use cases of connections.

    Args:
        ground: what every feature is built on.
        find_test_problem: tries what a person entered; see `ConnectionContext`.
    """
    settings = ground.settings
    context = ConnectionContext(
        database=ground.database,
        vault=ground.vault,
        clock=ground.clock,
        registry=ground.registry,
        addresses=Addresses(public_url=settings.address, docs_url=settings.docs_url),
        providers=settings.providers,
        endpoint=TokenEndpoint(),
        refresh_margin=settings.refresh_margin,
        state_lifetime=settings.oauth_state_lifetime,
        link_lifetime=settings.connect_link_lifetime,
        configured={name: item.config for name, item in settings.integrations.items()},
        passing_refresh_tokens=frozenset(
            name for name, item in settings.integrations.items() if item.pass_refresh_token
        ),
        find_test_problem=find_test_problem,
        on_refresh=lambda outcome: ground.metrics.refreshes.labels(outcome=outcome).inc(),
    )
    return ConnectionServices.of(context)


async def services_of(request: Request) -> ConnectionServices:
    """Return the use cases of the app that answers `request`."""
    found: ConnectionServices = request.app.state.services.connections
    return found
