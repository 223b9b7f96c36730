"""Specs: frozen declarations, data only.

An author writes an `IntegrationSpec`; `Integration` fills in what the class itself says (methods, config schema,
description, version). The wire form is in `definition`.
"""

import keyword
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
EnvVar = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
Effect = Literal["read", "write", "destructive"]
Simulate = Literal["native", "validate_only", "none"]
IntegrationType = Literal["integration", "ai", "documents", "database"]

SETUP_PATH = "/integrations/{name}/setup"


class Spec(BaseModel):
    """Base of all declarations: frozen, and a field that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class CredentialType(StrEnum):
    """How a credential comes to be."""

    OAUTH2 = "oauth2"
    API_KEY = "api_key"
    BEARER = "bearer"
    BASIC = "basic"
    CUSTOM = "custom"


class CredentialSpec(Spec):
    """One secret value an integration needs."""

    key: Name
    type: CredentialType
    description: str = ""
    env_var: EnvVar
    """Environment variable that carries the value into a script."""
    required: bool = True
    oauth_scopes: tuple[str, ...] = ()
    refresh_key: Name | None = None
    """Key under which the refresh token is stored; it never reaches a script."""
    refresh_env_var: EnvVar | None = None
    """Variable from which a local script may read the refresh token."""


class OAuth2Config(Spec):
    """OAuth 2.0 authorization code flow with PKCE (S256). Operators may override every URL per provider."""

    kind: Literal["oauth2"] = "oauth2"
    provider: Name
    """Integrations of one provider share the operator's client id and secret."""
    authorization_url: Url
    token_url: Url
    revoke_url: Url | None = None
    userinfo_url: Url | None = None
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    additional_parameters: dict[str, str] = Field(default_factory=dict)
    """Query parameters added to the authorization URL (`access_type=offline`, say)."""


class ApiKeyConfig(Spec):
    """A static key sent with each request."""

    kind: Literal["apikey"] = "apikey"
    placement: Literal["header", "query"] = "header"
    name: str = "Authorization"
    """Name of the header or query parameter."""
    prefix: str = ""
    """Text in front of the key, such as `Bearer `."""


class CustomAuth(Spec):
    """Any other set of values, described by a JSON Schema of the form a person fills in."""

    kind: Literal["custom"] = "custom"
    parameters: dict[str, Any] = Field(default_factory=dict)


Auth = Annotated[OAuth2Config | ApiKeyConfig | CustomAuth, Field(discriminator="kind")]


class UndoSpec(Spec):
    """How a call is taken back: the compensating method, and where its arguments come from."""

    method: Name
    arguments: dict[str, str] = Field(default_factory=dict)
    """Argument name -> JSON pointer into `{"input": ..., "output": ...}`."""


class MethodSpec(Spec):
    """A method as hosts, agents and documents see it."""

    id: Name
    name: str
    description: str
    input_schema: dict[str, Any]
    """JSON Schema 2020-12 of the arguments: an object that allows no further properties."""
    output_schema: dict[str, Any] = Field(default_factory=dict)
    effect: Effect = "read"
    idempotent: bool = False
    scopes: tuple[str, ...] = ()
    undo: UndoSpec | None = None
    simulate: Simulate = "none"
    requires_approval: bool = False
    example: str | None = None


class TriggerSpec(Spec):
    """A kind of event the integration can emit."""

    name: Name
    description: str = ""
    config_schema: dict[str, Any] = Field(default_factory=dict)


class Cost(Spec):
    """Price of tokens, in US dollars per token."""

    input: float = 0.0
    output: float = 0.0


class ImageCost(Spec):
    """Price of one generated image, in US dollars."""

    standard: float = 0.0
    hd: float = 0.0


class AIModel(Spec):
    """A model an ai integration offers."""

    id: str
    name: str
    capabilities: tuple[str, ...]
    description: str = ""
    context_window: int | None = None
    input_formats: tuple[str, ...] = ()
    output_formats: tuple[str, ...] = ()
    max_tokens: int | None = None
    cost_per_token: Cost | None = None
    cost_per_image: ImageCost | None = None


class AIConfig(Spec):
    """What an integration of type `ai` offers."""

    provider: str
    available_models: tuple[AIModel, ...]
    default_model: str

    @model_validator(mode="after")
    def _default_is_available(self) -> "AIConfig":
        known = [model.id for model in self.available_models]
        if self.default_model not in known:
            raise ValueError(f"default_model {self.default_model!r} is none of {known}")
        return self


class IntegrationSpec(Spec):
    """The whole declaration of an integration."""

    name: Name
    """Equal to the entry-point name; used in code, URLs and tools."""
    display_name: str
    description: str = ""
    version: str = ""
    type: IntegrationType = "integration"
    auth: Auth | None = None
    credentials: tuple[CredentialSpec, ...] = ()
    oauth_provider: str | None = None
    oauth_scopes: tuple[str, ...] = ()
    setup_url_template: str = SETUP_PATH
    """A path or URL; `{name}` and `{user_id}` are filled in."""
    docs_url: Url | None = None
    base_url: Url | None = None
    """Root of the provider's API; operators may override it."""
    hosts: tuple[str, ...] = ()
    """Every host the integration contacts, `name` or `name:port` (443 where none is given)."""
    methods: tuple[MethodSpec, ...] = ()
    config_schema: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    triggers: tuple[TriggerSpec, ...] = ()
    ai: AIConfig | None = None

    @model_validator(mode="before")
    @classmethod
    def _oauth_fields_follow_auth(cls, data: Any) -> Any:
        auth = data.get("auth") if isinstance(data, dict) else None
        if isinstance(auth, OAuth2Config):
            return {"oauth_provider": auth.provider, "oauth_scopes": auth.scopes, **data}
        if isinstance(auth, Mapping):
            return {"oauth_provider": auth.get("provider"), "oauth_scopes": auth.get("scopes", ()), **data}
        return data

    @field_validator("name")
    @classmethod
    def _name_can_be_written(cls, name: str) -> str:
        if keyword.iskeyword(name):
            raise ValueError(f"{name!r} is a word of Python, so no script could write wren.integrations.{name}")
        return name

    @field_validator("hosts")
    @classmethod
    def _hosts_are_bare(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not re.fullmatch(r"[a-z0-9.-]+(:\d{1,5})?", host) or int(host.partition(":")[2] or 443) > 65535:
                raise ValueError(f"host {host!r} must be `name` or `name:port`, without scheme, path or wildcard")
        return hosts

    @field_validator("setup_url_template")
    @classmethod
    def _template_is_fillable(cls, template: str) -> str:
        rest = template.replace("{name}", "").replace("{user_id}", "")
        if not template.startswith(("/", "https://", "http://")) or {"{", "}"} & set(rest):
            raise ValueError(f"{template!r} must be a path or URL with no placeholders but {{name}} and {{user_id}}")
        return template

    @model_validator(mode="after")
    def _parts_agree(self) -> "IntegrationSpec":
        _refuse_doubles("credential key", (cred.key for cred in self.credentials))
        _refuse_doubles("environment variable", (cred.env_var for cred in self.credentials))
        _refuse_doubles("method", (method.id for method in self.methods))
        _refuse_doubles("trigger", (trigger.name for trigger in self.triggers))
        for method in self.methods:
            _check_undo(method, self.methods)
        if self.type == "ai" and self.ai is None:
            raise ValueError("an integration of type 'ai' needs `ai`: its provider, models and default model")
        return self

    @property
    def auth_type(self) -> Literal["oauth2", "apikey", "custom", "none"]:
        """How a connection is made."""
        return self.auth.kind if self.auth else "none"

    @property
    def required_scopes(self) -> tuple[str, ...]:
        """All scopes that a connection asks for, in declaration order."""
        wanted = [*self.oauth_scopes, *(scope for cred in self.credentials for scope in cred.oauth_scopes)]
        return tuple(dict.fromkeys(wanted))

    def get_setup_url(self, user_id: str = "", *, public_url: str = "") -> str:
        """Return the page where a person connects this integration.

        Args:
            user_id: fills `{user_id}` where the template has it.
            public_url: scheme and host of the backend, without a trailing slash.
        """
        path = self.setup_url_template.replace("{name}", self.name).replace("{user_id}", quote(user_id, safe=""))
        return path if "://" in path else public_url + path

    def get_env_mapping(self) -> dict[str, str]:
        """Return credential key -> environment variable for every value a script may read, refresh tokens apart."""
        return {cred.key: cred.env_var for cred in self.credentials}

    def method(self, method_id: str) -> MethodSpec | None:
        """Find a method by id."""
        return next((method for method in self.methods if method.id == method_id), None)


def _refuse_doubles(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name!r} is declared twice")
        seen.add(name)


def _check_undo(method: MethodSpec, methods: Iterable[MethodSpec]) -> None:
    if method.undo is None:
        return
    target = next((item for item in methods if item.id == method.undo.method), None)
    if target is None:
        raise ValueError(f"{method.id} is undone by {method.undo.method!r}, which is no method of the integration")
    given, known = set(method.undo.arguments), set(target.input_schema.get("properties", {}))
    needed = set(target.input_schema.get("required", ()))
    if given - known or needed - given:
        raise ValueError(f"{method.id} is undone by {target.id!r}, which takes {sorted(known)}, not {sorted(given)}")
