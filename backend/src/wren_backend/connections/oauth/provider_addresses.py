"""The addresses of an authorization server: the operator's or the spec's, with the configuration filled in."""

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr

from wren_backend.connections.errors import ProviderNotConfigured
from wren_core.contract.addresses import fill, missing_fields, with_field_defaults
from wren_core.contract.spec import IntegrationSpec, OAuth2Config

AUTHORIZATION, TOKEN, REVOKE, USERINFO = "authorization_url", "token_url", "revoke_url", "userinfo_url"
_NEEDED = (AUTHORIZATION, TOKEN)
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


def fill_address(
    spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides], name: str, configuration: Mapping[str, Any]
) -> str | None:
    """Return an address, its variables filled in; None where there is none.

    Raises:
        ProviderNotConfigured: a spec's address of tokens or consent is no https address.
        ConfigInvalid: a variable has no value, or one that does not fit its place.
    """
    template = _template(spec, settings, name)
    if not template:
        return None
    address = fill(template, with_field_defaults(spec.config_schema, configuration), integration=spec.name)
    if name in _NEEDED and isinstance(spec.auth, OAuth2Config):
        _check_address(spec.auth, name, address, is_of_spec=template == getattr(spec.auth, name))
    return address


def unset_fields(
    spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides], configuration: Mapping[str, Any]
) -> list[str]:
    """List the configuration fields without which an address cannot be filled in."""
    values = with_field_defaults(spec.config_schema, configuration)
    templates = (_template(spec, settings, name) or "" for name in (AUTHORIZATION, TOKEN, REVOKE, USERINFO))
    return list(dict.fromkeys(field for template in templates for field in missing_fields(template, values)))


def missing_addresses(spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides]) -> list[str]:
    """List the variables of addresses without which the integration cannot be connected; none where it needs none."""
    auth = spec.auth
    if not isinstance(auth, OAuth2Config):
        return []
    given = settings.get(auth.provider)
    wanted = ("authorization_url", "token_url")
    absent = (name for name in wanted if not (getattr(auth, name) or getattr(given, name, None)))
    return [variable(auth.provider, name) for name in absent]


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


def _template(spec: IntegrationSpec, settings: Mapping[str, ProviderOverrides], name: str) -> str | None:
    auth = spec.auth
    if not isinstance(auth, OAuth2Config):
        return None
    found: str | None = getattr(settings.get(auth.provider), name, None) or getattr(auth, name)
    return found


def _check_address(auth: OAuth2Config, setting: str, url: str, *, is_of_spec: bool) -> None:
    found = origin(url)
    # Anyone on the way can read a token sent over plain http, except on this machine and where the operator chose it.
    if found is None or (is_of_spec and found[0] == "http" and found[1] not in _LOOPBACK):
        raise ProviderNotConfigured(
            f"the {setting} of provider {auth.provider!r} is no https address; "
            f"an operator can set {variable(auth.provider, setting)}",
            details={"provider": auth.provider, "variable": variable(auth.provider, setting)},
        )
