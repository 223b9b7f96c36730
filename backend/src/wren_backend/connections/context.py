"""The ports and settings of every use case of connections, made once at start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from wren_backend.clock import Clock
from wren_backend.connections.addresses import Addresses
from wren_backend.connections.oauth.providers import Provider, ProviderOverrides, has_client, resolve_provider
from wren_backend.connections.oauth.token_endpoint import TokenEndpoint
from wren_backend.connections.problems import Problems
from wren_backend.connections.requirements import accepts_token
from wren_backend.storage.database import Database
from wren_backend.vault.service import Vault
from wren_core.contract.spec import IntegrationSpec
from wren_core.plugins.registry import Registry


def _ignore(_outcome: object) -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class ConnectionContext:
    """The ports and settings of connections."""

    database: Database
    vault: Vault
    clock: Clock
    registry: Registry
    addresses: Addresses
    providers: Mapping[str, ProviderOverrides]
    endpoint: TokenEndpoint
    refresh_margin: timedelta
    """How long before its end an access token is refreshed."""
    state_lifetime: timedelta = timedelta(minutes=10)
    link_lifetime: timedelta = timedelta(hours=24)
    configured: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the operator configured, by integration; a connection's own configuration wins over it."""
    passing_refresh_tokens: frozenset[str] = frozenset()
    """Integrations whose runs get the refresh token, too."""
    on_refresh: Callable[[str], None] = _ignore
    """Gets the outcome of every refresh: refreshed, needs_reauth, postponed, or superseded."""

    def provider(self, spec: IntegrationSpec) -> Provider:
        """Return the authorization server of an integration; raises ProviderNotConfigured."""
        return resolve_provider(spec, self.providers)

    def asks_for_token(self, spec: IntegrationSpec) -> bool:
        """Tell whether a person can connect by a token only: this server has no client at the provider."""
        return accepts_token(spec) and not has_client(spec, self.providers)

    def problems(self, spec: IntegrationSpec) -> Problems:
        """Return the errors of an integration's connections."""
        return Problems(spec=spec, addresses=self.addresses)
