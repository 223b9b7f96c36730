"""The authorization server of an integration: its spec, with the operator's settings on top."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wren_backend.connections.errors import ProviderNotConfigured
from wren_backend.connections.oauth.provider_addresses import (
    AUTHORIZATION,
    REVOKE,
    TOKEN,
    USERINFO,
    ProviderOverrides,
    fill_address,
    missing_addresses,
    origin,
    variable,
)
from wren_core.contract.spec import IntegrationSpec, OAuth2Config


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The authorization server of one flow."""

    name: str
    client_id: str
    client_secret: str | None = field(repr=False)
    authorization_url: str
    token_url: str
    revoke_url: str | None
    userinfo_url: str | None
    scope_separator: str
    additional_parameters: Mapping[str, str]
    client_auth: str | None = None
    """How its token endpoint authenticates the client, by the name of RFC 7591; None where it is found out."""

    def is_issued_by(self, issuer: str) -> bool:
        """Tell whether an `iss` parameter (RFC 9207) names this server: it shares an origin with its endpoints."""
        return origin(issuer) in {origin(self.authorization_url), origin(self.token_url)}


def resolve_provider(
    spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides], configuration: Mapping[str, Any]
) -> Provider:
    """Return the authorization server of an integration that uses OAuth, for a connection with that configuration.

    Raises:
        ProviderNotConfigured: the operator has not set a client id, or an address is unusable.
        ConfigInvalid: an address has a variable without a usable value.
    """
    auth, given = check_registered(spec, settings)
    return Provider(
        name=auth.provider,
        client_id=given.client_id or "",
        client_secret=given.client_secret.get_secret_value() if given.client_secret else None,
        authorization_url=fill_address(spec, settings, AUTHORIZATION, configuration) or "",
        token_url=fill_address(spec, settings, TOKEN, configuration) or "",
        revoke_url=fill_address(spec, settings, REVOKE, configuration),
        userinfo_url=fill_address(spec, settings, USERINFO, configuration),
        scope_separator=auth.scope_separator,
        additional_parameters=auth.additional_parameters,
        client_auth=given.token_endpoint_auth_method or auth.token_endpoint_auth_method,
    )


def check_registered(
    spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides]
) -> tuple[OAuth2Config, ProviderOverrides]:
    """Return what author and operator set for an integration that uses OAuth.

    Raises:
        ProviderNotConfigured: the operator has not set a client id, or an address is missing.
    """
    auth = spec.auth
    if not isinstance(auth, OAuth2Config):
        raise ValueError(f"{spec.name} does not use OAuth")
    given = settings.get(auth.provider)
    missing = missing_addresses(spec, settings)
    if missing:
        raise _make_address_error(spec.name, auth.provider, missing)
    if given is None or not given.client_id:
        raise _make_client_id_error(spec.name, auth.provider)
    return auth, given


def has_client(spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides]) -> bool:
    """Tell whether the operator has registered this server with the integration's authorization server."""
    given = settings.get(spec.auth.provider) if isinstance(spec.auth, OAuth2Config) else None
    return given is not None and bool(given.client_id)


def client_refused(integration: str, provider: str) -> ProviderNotConfigured:
    """Return the error of a provider that refuses this server's own registration."""
    wanted = variable(provider, "client_secret")
    return ProviderNotConfigured(
        f"{provider!r} refuses this server's client id or secret; an operator checks {wanted}",
        details={"integration": integration, "provider": provider, "variable": wanted},
    )


def _make_client_id_error(integration: str, provider: str) -> ProviderNotConfigured:
    wanted = variable(provider, "client_id")
    return ProviderNotConfigured(
        f"{integration} cannot be connected: this server has no client id for {provider!r}; "
        f"an operator sets {wanted} and {variable(provider, 'client_secret')}, then restarts",
        details={"integration": integration, "provider": provider, "variable": wanted},
    )


def _make_address_error(integration: str, provider: str, missing: list[str]) -> ProviderNotConfigured:
    return ProviderNotConfigured(
        f"{integration} cannot be connected: neither it nor this server has the addresses of {provider!r}; "
        f"an operator sets {' and '.join(missing)}, then restarts",
        details={"integration": integration, "provider": provider, "variable": missing[0], "variables": missing},
    )
