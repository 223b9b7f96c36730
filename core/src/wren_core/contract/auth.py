"""How an integration is connected: the credentials it needs, and how a person gets them."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wren_core.contract.values import EnvVar, Name, Spec, Url

# RFC 9110: the characters of the name of a header.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class CredentialType(StrEnum):
    """The kind of a credential, which decides how a host gets it."""

    OAUTH2 = "oauth2"
    """An access token; the host gets it, and renews it where it can."""
    API_KEY = "api_key"
    """A key of one line."""
    TOKEN = "token"  # noqa: S105 - a kind of credential
    """A token of one line, sent as `Authorization: Bearer`."""
    BASIC_AUTH = "basic_auth"
    """User name or password, each a separate credential; or both as `name:password`, the form of RFC 7617."""
    CUSTOM = "custom"
    """Any text."""


class CredentialSpec(Spec):
    """One secret value an integration needs."""

    key: Name
    """Its name in `self.credentials`."""
    type: CredentialType
    """What kind of value it is."""
    description: str = ""
    """What it is and where a person gets it; the form shows it."""
    env_var: EnvVar
    """Environment variable that carries the value into a script."""
    required: bool = True
    """Whether a connection cannot work without it."""
    oauth_scopes: tuple[str, ...] = ()
    """Scopes that this credential needs beyond those of `auth`."""
    refresh_key: Name | None = None
    """Key under which the refresh token is stored."""
    refresh_env_var: EnvVar | None = None
    """Variable that carries the refresh token: set by hand for a local script, and in a run only where an operator
    enables it."""
    secret: bool = True
    """False for a public value, such as a user name: it is stored like the others, and not masked in output."""


ClientAuthMethod = Literal["client_secret_post", "client_secret_basic"]
"""How a client proves itself to a token endpoint, by the names of RFC 7591: in the form, or by HTTP Basic."""


class OAuth2Config(Spec):
    """OAuth 2.0 authorization code flow with PKCE (S256). Operators may override every URL per provider."""

    kind: Literal["oauth2"] = "oauth2"
    """Tells the kinds of auth apart on the wire."""
    provider: Name
    """Integrations of one provider share the operator's client id and secret."""
    authorization_url: Url | None = None
    """Where left out, as `token_url` may be, the operator of a backend names it for the provider.

    Each address may have variables, fields of the configuration that a connection fills in:
    `https://{shop}.example.com/{tenant}/authorize`. The host must end in a fixed domain.
    """
    token_url: Url | None = None
    """Where codes and refresh tokens are exchanged."""
    revoke_url: Url | None = None
    """Where a token is revoked (RFC 7009); None where the provider cannot."""
    userinfo_url: Url | None = None
    """Answers who the account is, as JSON; shown with the connection."""
    scopes: tuple[str, ...] = ()
    """Scopes that every connection asks for."""
    scope_separator: str = " "
    """What stands between two scopes in the authorization URL."""
    additional_parameters: dict[str, str] = Field(default_factory=dict)
    """Query parameters added to the authorization URL (`access_type=offline`, say)."""
    token_endpoint_auth_method: ClientAuthMethod | None = None
    """Where left out, a host tries the form and then HTTP Basic, and remembers which one the provider takes."""
    accepts_token: bool = False
    """A person may enter a token created at the provider instead of consenting."""


class ApiKeyConfig(Spec):
    """A static key sent with each request."""

    kind: Literal["apikey"] = "apikey"
    """Tells the kinds of auth apart on the wire."""
    placement: Literal["header", "query"] = "header"
    """Where the key is sent."""
    name: str = "Authorization"
    """Name of the header or query parameter."""
    prefix: str = ""
    """Text in front of the key, such as `Bearer `."""

    @model_validator(mode="after")
    def _key_can_be_sent(self) -> "ApiKeyConfig":
        if self.placement == "header" and not _HEADER_NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} cannot be the name of a header")
        if not self.name.strip() or not (self.name + self.prefix).isprintable():
            raise ValueError("name and prefix must be printable text, and the name not empty")
        return self


class CustomAuth(Spec):
    """Any other set of values, described by the JSON Schema of a form.

    Its properties are named like the credentials; each value is checked by the schema of its property. Without a
    schema, the form asks for the credentials only.
    """

    kind: Literal["custom"] = "custom"
    """Tells the kinds of auth apart on the wire."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema of the form: an object whose properties are named like the credentials."""


Auth = Annotated[OAuth2Config | ApiKeyConfig | CustomAuth, Field(discriminator="kind")]


def usual_credentials(auth: Any, spec: Mapping[str, Any]) -> tuple[CredentialSpec, ...]:
    """Return the usual credentials of an auth type, for an integration that declares none."""
    kind = auth.get("kind") if isinstance(auth, Mapping) else getattr(auth, "kind", None)
    name, title = str(spec.get("name", "")).upper(), spec.get("display_name", "")
    if kind not in ("oauth2", "apikey") or not re.fullmatch("[A-Z][A-Z0-9_]*", name):
        return ()
    if kind == "apikey":
        about = f"API key of your {title} account"
        variable = f"{name}_API_KEY"
        return (CredentialSpec(key="api_key", type=CredentialType.API_KEY, description=about, env_var=variable),)
    token = CredentialSpec(
        key="access_token",
        type=CredentialType.OAUTH2,
        description=f"Access token of your {title} account",
        env_var=f"{name}_ACCESS_TOKEN",
        refresh_key="refresh_token",
        refresh_env_var=f"{name}_REFRESH_TOKEN",
    )
    return (token,)


def form_of(credentials: Iterable[CredentialSpec]) -> dict[str, Any]:
    """Return the schema of a form that asks for credentials."""
    fields = [cred for cred in credentials if isinstance(cred, CredentialSpec)]
    return {
        "type": "object",
        "properties": {cred.key: {"type": "string", "description": cred.description} for cred in fields},
        "required": [cred.key for cred in fields if cred.required],
    }
