"""From credentials to the headers and query parameters of a request. Pure."""

import base64
from dataclasses import dataclass, field

from wren_core.contract.auth import ApiKeyConfig, CredentialSpec, CredentialType, OAuth2Config
from wren_core.contract.credentials import Credentials
from wren_core.contract.spec import IntegrationSpec

_TOKENS = (CredentialType.OAUTH2, CredentialType.TOKEN)


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """Headers and query parameters that authenticate a request."""

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    query: dict[str, str] = field(default_factory=dict, repr=False)


def authorization(spec: IntegrationSpec, credentials: Credentials) -> Authorization:
    """Return the authorization of every request of an integration.

    An OAuth or bearer token goes into the header Authorization; an API key where `ApiKeyConfig` says; a basic
    credential, or the two of name and password, into the header in the form of RFC 7617. Other values are used by the
    constants of a binding.

    Raises:
        CredentialMissing: a required value is missing.
    """
    basic = _of_type(spec, CredentialType.BASIC_AUTH)
    if isinstance(spec.auth, ApiKeyConfig):
        key = _value(spec.credentials[:1], credentials)
        return _place_key(spec.auth, key) if key else Authorization()
    if basic:
        values = [credentials[cred.key] if cred.required else credentials.get(cred.key, "") or "" for cred in basic]
        encoded = base64.b64encode(":".join(values).encode()).decode()
        return Authorization(headers={"authorization": f"Basic {encoded}"}) if any(values) else Authorization()
    token = _value(_of_type(spec, *_TOKENS), credentials)
    if token is None and isinstance(spec.auth, OAuth2Config):
        token = credentials["access_token"]
    return Authorization(headers={"authorization": f"Bearer {token}"}) if token else Authorization()


def _place_key(auth: ApiKeyConfig, key: str) -> Authorization:
    value = auth.prefix + key
    if auth.placement == "query":
        return Authorization(query={auth.name: value})
    return Authorization(headers={auth.name.lower(): value})


def _of_type(spec: IntegrationSpec, *types: CredentialType) -> tuple[CredentialSpec, ...]:
    return tuple(cred for cred in spec.credentials if cred.type in types)


def _value(specs: tuple[CredentialSpec, ...], credentials: Credentials) -> str | None:
    if not specs:
        return None
    first = specs[0]
    return credentials[first.key] if first.required else credentials.get(first.key)
