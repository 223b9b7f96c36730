"""The use cases of connections, put together once at start. An app carries them as `app.state.services.connections`."""

from dataclasses import dataclass

from fastapi import Request

from wren_backend.connections.attempts import AttemptLimit
from wren_backend.connections.authorization import Authorization
from wren_backend.connections.authorization_repository import purge_expired
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.credentials import CredentialService
from wren_backend.connections.pages import Pages
from wren_backend.connections.service import ConnectionService


@dataclass(frozen=True, kw_only=True)
class ConnectionServices:
    """What routers and the worker need of connections."""

    context: ConnectionContext
    connections: ConnectionService
    authorization: Authorization
    credentials: CredentialService
    pages: Pages
    attempts: AttemptLimit

    @classmethod
    def of(cls, context: ConnectionContext) -> "ConnectionServices":
        """Build the use cases over one context."""
        return cls(
            context=context,
            connections=ConnectionService(context),
            authorization=Authorization(context),
            credentials=CredentialService(context),
            pages=Pages(context.addresses),
            attempts=AttemptLimit(),
        )

    def keep_up(self) -> int:
        """Renew what is about to end and forget links nobody can use; for a timer. Return how many were renewed."""
        with self.context.database.writing() as session:
            purge_expired(session, now=self.context.clock.now())
        return self.credentials.refresh_expiring()

    def close(self) -> None:
        """Close the connections to providers; at the end of the process."""
        self.context.endpoint.dispose()


def services_of(request: Request) -> ConnectionServices:
    """Return the use cases of the app that answers `request`."""
    found: ConnectionServices = request.app.state.services.connections
    return found
