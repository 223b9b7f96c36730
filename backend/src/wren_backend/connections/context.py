"""The ports and settings of every use case of connections, made once at start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from wren_backend.clock import Clock
from wren_backend.connections.addresses import Addresses
from wren_backend.connections.oauth.provider_addresses import ProviderOverrides, unset_fields
from wren_backend.connections.oauth.providers import Provider, check_registered, has_client, resolve_provider
from wren_backend.connections.oauth.token_endpoint import TokenEndpoint
from wren_backend.connections.problems import Problems
from wren_backend.connections.requirements import accepts_token
from wren_backend.storage.database import Database
from wren_backend.vault.service import Vault
from wren_core.contract.spec import IntegrationSpec
from wren_core.plugins.registry import Registry

FindTestProblem = Callable[[IntegrationSpec, Mapping[str, str], Mapping[str, Any]], str | None]
"""Tries credentials, by key, with a configuration; returns why they do not work, None where they do or may."""


def _ignore(_outcome: object) -> None:
    """Do nothing."""


def _find_no_problem(_spec: IntegrationSpec, _values: Mapping[str, str], _config: Mapping[str, Any]) -> str | None:
    """Test nothing."""
    return None


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
    find_test_problem: FindTestProblem = _find_no_problem
    on_refresh: Callable[[str], None] = _ignore
    """Gets the outcome of every refresh: refreshed, needs_reauth, postponed, or superseded."""

    def provider(self, spec: IntegrationSpec, config: Mapping[str, Any]) -> Provider:
        """Return the authorization server of a connection with that configuration.

        Raises:
            ProviderNotConfigured: the operator has not registered this server with it.
            ConfigInvalid: its addresses have a variable without a usable value.
        """
        return resolve_provider(spec, self.providers, self.effective(spec, config))

    def check_registered(self, spec: IntegrationSpec) -> None:
        """Raise ProviderNotConfigured where no user can connect the integration, whatever they configure."""
        check_registered(spec, self.providers)

    def unset_fields(self, spec: IntegrationSpec, config: Mapping[str, Any]) -> list[str]:
        """List the fields that the addresses of the authorization server lack."""
        return unset_fields(spec, self.providers, self.effective(spec, config))

    def effective(self, spec: IntegrationSpec, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return a connection's configuration over the operator's."""
        return {**self.configured.get(spec.name, {}), **config}

    def asks_for_token(self, spec: IntegrationSpec) -> bool:
        """Tell whether a person can connect by a token only: this server has no client at the provider."""
        return accepts_token(spec) and not has_client(spec, self.providers)

    def problems(self, spec: IntegrationSpec) -> Problems:
        """Return the errors of an integration's connections."""
        return Problems(spec=spec, addresses=self.addresses)
