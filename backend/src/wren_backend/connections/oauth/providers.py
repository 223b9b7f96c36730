"""The authorization server of an integration: its spec, with the operator's settings on top."""

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
    @property
    def token_endpoint_auth_method(self) -> str | None: ...


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


def resolve_provider(spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides]) -> Provider:
    """Return the authorization server of an integration that uses OAuth.

    Raises:
        ProviderNotConfigured: the operator has not set a client id, or an address is unusable.
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
    return Provider(
        name=auth.provider,
        client_id=given.client_id,
        client_secret=given.client_secret.get_secret_value() if given.client_secret else None,
        authorization_url=_check_address(
            auth, "authorization_url", given.authorization_url or auth.authorization_url or ""
        ),
        token_url=_check_address(auth, "token_url", given.token_url or auth.token_url or ""),
        revoke_url=given.revoke_url or auth.revoke_url,
        userinfo_url=given.userinfo_url or auth.userinfo_url,
        scope_separator=auth.scope_separator,
        additional_parameters=auth.additional_parameters,
        client_auth=given.token_endpoint_auth_method or auth.token_endpoint_auth_method,
    )


def missing_addresses(spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides]) -> list[str]:
    """List the variables of addresses without which the integration cannot be connected; none where it needs none."""
    auth = spec.auth
    if not isinstance(auth, OAuth2Config):
        return []
    given = settings.get(auth.provider)
    wanted = ("authorization_url", "token_url")
    absent = (name for name in wanted if not (getattr(auth, name) or getattr(given, name, None)))
    return [variable(auth.provider, name) for name in absent]


def has_client(spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides]) -> bool:
    """Tell whether the operator has registered this server with the integration's authorization server."""
    given = settings.get(spec.auth.provider) if isinstance(spec.auth, OAuth2Config) else None
    return given is not None and bool(given.client_id)


def origin(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of an http(s) address, or None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}[parts.scheme]


def variable(provider: str, setting: str) -> str:
    """Return the environment variable of a provider's setting."""
    return f"WREN_PROVIDERS__{provider.upper()}__{setting.upper()}"


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


def _check_address(auth: OAuth2Config, setting: str, url: str) -> str:
    found = origin(url)
    # Anyone on the way can read a token sent over plain http, except on this machine and where the operator chose it.
    is_spec_value = url == getattr(auth, setting)
    if found is None or (is_spec_value and found[0] == "http" and found[1] not in _LOOPBACK):
        raise ProviderNotConfigured(
            f"the {setting} of provider {auth.provider!r} is no https address; "
            f"an operator can set {variable(auth.provider, setting)}",
            details={"provider": auth.provider, "variable": variable(auth.provider, setting)},
        )
    return url
