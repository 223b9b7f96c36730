"""Which authorization server an integration talks to: its spec, with the operator's settings laid over it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

from wren_backend.connections.errors import ProviderNotConfigured
from wren_core.contract.spec import IntegrationSpec, OAuth2Config

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ProviderOverrides(Protocol):
    """What an operator may set for a provider; None leaves the spec's value."""

    @property
    def client_id(self) -> str | None: ...
    @property
    def client_secret(self) -> SecretStr | None: ...
    @property
    def authorization_url(self) -> str | None: ...
    @property
    def token_url(self) -> str | None: ...
    @property
    def revoke_url(self) -> str | None: ...
    @property
    def userinfo_url(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Everything one flow needs to know of its authorization server."""

    name: str
    client_id: str
    client_secret: str | None = field(repr=False)
    authorization_url: str
    token_url: str
    revoke_url: str | None
    userinfo_url: str | None
    scope_separator: str
    additional_parameters: Mapping[str, str]

    def is_issued_by(self, issuer: str) -> bool:
        """Tell whether an `iss` parameter (RFC 9207) names this server: it shares an origin with its endpoints."""
        return origin(issuer) in {origin(self.authorization_url), origin(self.token_url)}


def resolve_provider(spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides]) -> Provider:
    """Return the authorization server of an integration that uses OAuth.

    Raises:
        ProviderNotConfigured: the operator has not set a client id, or an address is unusable.
    """
    auth = spec.auth
    if not isinstance(auth, OAuth2Config):
        raise ValueError(f"{spec.name} does not use OAuth")
    given = settings.get(auth.provider)
    if given is None or not given.client_id:
        raise _no_client_id(spec.name, auth.provider)
    return Provider(
        name=auth.provider,
        client_id=given.client_id,
        client_secret=given.client_secret.get_secret_value() if given.client_secret else None,
        authorization_url=_address(auth, "authorization_url", given.authorization_url or auth.authorization_url),
        token_url=_address(auth, "token_url", given.token_url or auth.token_url),
        revoke_url=given.revoke_url or auth.revoke_url,
        userinfo_url=given.userinfo_url or auth.userinfo_url,
        scope_separator=auth.scope_separator,
        additional_parameters=auth.additional_parameters,
    )


def has_client(spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides]) -> bool:
    """Tell whether the operator has registered this server with the integration's authorization server."""
    given = settings.get(spec.auth.provider) if isinstance(spec.auth, OAuth2Config) else None
    return given is not None and bool(given.client_id)


def origin(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of an http(s) address, or None where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}[parts.scheme]


def variable(provider: str, setting: str) -> str:
    """Return the environment variable that sets something of a provider."""
    return f"WREN_PROVIDERS__{provider.upper()}__{setting.upper()}"


def _no_client_id(integration: str, provider: str) -> ProviderNotConfigured:
    wanted = variable(provider, "client_id")
    return ProviderNotConfigured(
        f"{integration} cannot be connected: this server has no client id for {provider!r}; "
        f"an operator sets {wanted} and {variable(provider, 'client_secret')}, then restarts",
        details={"integration": integration, "provider": provider, "variable": wanted},
    )


def _address(auth: OAuth2Config, setting: str, url: str) -> str:
    found = origin(url)
    # A token sent over plain http is everybody's; on this machine, and where an operator says so, it is not sent far.
    is_spec_value = url == getattr(auth, setting)
    if found is None or (is_spec_value and found[0] == "http" and found[1] not in _LOOPBACK):
        raise ProviderNotConfigured(
            f"the {setting} of provider {auth.provider!r} is no https address; "
            f"an operator can set {variable(auth.provider, setting)}",
            details={"provider": auth.provider, "variable": variable(auth.provider, setting)},
        )
    return url
