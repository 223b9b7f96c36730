"""Specs: frozen declarations, data only.

An author writes an `IntegrationSpec`; `Integration` adds the fields that follow from the class (methods, config
schema, description, version). The wire form is in `definition`.
"""

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field, StringConstraints, field_validator, model_validator

from wren_core.contract.ai_config import AIConfig, AIModel, Cost, ImageCost, LongCost
from wren_core.contract.auth import (
    ApiKeyConfig,
    Auth,
    CredentialSpec,
    CredentialType,
    CustomAuth,
    OAuth2Config,
    form_of,
    usual_credentials,
)
from wren_core.contract.request_binding import RequestBinding
from wren_core.contract.values import (
    EnvVar,
    HostTemplate,
    Name,
    SemVer,
    Spec,
    Text,
    Url,
    UrlTemplate,
    refuse_doubles,
)
from wren_core.nearest import find_nearest
from wren_core.schemas.properties import properties_of, required_of

__all__ = [
    "SETUP_PATH",
    "AIConfig",
    "AIModel",
    "ApiKeyConfig",
    "Auth",
    "Cost",
    "CredentialSpec",
    "CredentialType",
    "CustomAuth",
    "Effect",
    "EnvVar",
    "HostTemplate",
    "ImageCost",
    "IntegrationSpec",
    "IntegrationType",
    "LongCost",
    "MethodSpec",
    "Name",
    "OAuth2Config",
    "SemVer",
    "Simulate",
    "Spec",
    "Text",
    "TriggerSpec",
    "UndoSpec",
    "Url",
    "UrlTemplate",
    "template_fields",
]

Effect = Literal["read", "write", "destructive"]
Simulate = Literal["native", "validate_only", "none"]
IntegrationType = Literal["integration", "ai", "documents", "database"]

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")
_USER_PARAMETER = re.compile(r"[?&]\w+=\{user_id\}$")

SETUP_PATH = "/integrations/{name}/setup?user={user_id}"


class UndoSpec(Spec):
    """How a call is undone: the compensating method, and the source of its arguments."""

    method: Name
    """Id of the method that undoes the call."""
    arguments: dict[str, str] = Field(default_factory=dict)
    """Argument name -> JSON pointer into `{"input": ..., "output": ...}`."""


class MethodSpec(Spec):
    """A method as hosts, agents and documents see it."""

    id: Name
    """Name of the function."""
    name: str
    """Title for people; by default the id in title case."""
    description: str
    """The docstring; its first line is a sentence, by which models choose."""
    input_schema: dict[str, Any]
    """JSON Schema 2020-12 of the arguments: an object that allows no further properties."""
    output_schema: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema 2020-12 of the result in JSON; a method that returns nothing has the type `null`."""
    effect: Effect = "read"
    """What a call does at the provider; decides repeats and approvals."""
    idempotent: bool = False
    """Whether two equal calls have the effect of one, so that a host may repeat it."""
    scopes: tuple[str, ...] = ()
    """OAuth scopes that the method needs."""
    undo: UndoSpec | None = None
    """How a call is undone."""
    simulate: Simulate = "none"
    """Whether the provider has a dry run, or only the arguments can be checked."""
    requires_approval: bool = False
    """Whether a person must approve a call; by default so for destructive methods."""
    example: str | None = None
    """One line of Python as in a script, which the checks call."""
    request: RequestBinding | None = None
    """Its HTTP request, where it is not a Python function."""


class TriggerSpec(Spec):
    """A kind of event the integration can emit."""

    name: Name
    """Name of the kind of event."""
    description: str = ""
    """One sentence for people and models."""
    config_schema: dict[str, Any] = Field(default_factory=dict)
    """JSON Schema of what a script may choose about it."""


class IntegrationSpec(Spec):
    """The whole declaration of an integration."""

    name: Name
    """Equal to the entry-point name; used in code, URLs and tools."""
    display_name: Annotated[str, StringConstraints(max_length=255)]
    """Name of the service, as its users write it; at most 255 characters."""
    description: str = ""
    """By default the docstring of the class."""
    version: SemVer = ""
    """A semantic version; by default that of the distribution (see `versions.semver_of`)."""
    type: IntegrationType = "integration"
    """What kind of integration it is; `ai` needs `ai`."""
    auth: Auth | None = None
    """How a person connects it; None for an integration that needs no credentials, or declares them alone."""
    credentials: tuple[CredentialSpec, ...] = ()
    """By default `api_key`, read from `NAME_API_KEY`, for an API key; `access_token` with its `refresh_token`,
    read from `NAME_ACCESS_TOKEN` and `NAME_REFRESH_TOKEN`, for OAuth 2.0."""
    oauth_provider: str | None = None
    """Without `auth` it declares OAuth 2.0 at addresses that the operator of a backend names for this provider."""
    oauth_scopes: tuple[str, ...] = ()
    """Scopes that every connection asks for; by default those of `auth`."""
    setup_url_template: str = SETUP_PATH
    """A path or URL; `{name}` and `{user_id}` are filled in."""
    docs_url: Url | None = None
    """Page about the integration, for people."""
    base_url: UrlTemplate | None = None
    """Root of the provider's API; operators may override it. It may have variables, fields of the configuration:
    `https://{shop}.example.com/api`, or `{url}/api` for a field that holds the whole address."""
    hosts: tuple[str, ...] = ()
    """Every host the integration contacts, `name` or `name:port` (443 by default)."""
    config_hosts: tuple[HostTemplate, ...] = ()
    """Hosts that the configuration names: `{url}`, `{host}`, `{shop}.example.com`, `{host}:5432` or `{host}:{port}`,
    over its fields.

    A template with a field that has no value names no host. The configuration of a user may name public
    addresses only, that of the operator of a backend private ones too.
    """
    methods: tuple[MethodSpec, ...] = ()
    """Derived from the functions marked with `@method`; authors leave it out."""
    config_schema: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    """Derived from `Config`; authors leave it out."""
    triggers: tuple[TriggerSpec, ...] = ()
    """Kinds of events that the integration can emit."""
    ai: AIConfig | None = None
    """Models and prices, of an integration of type `ai`."""

    # Pydantic runs the last of these first: `auth` follows from the provider, and all else from `auth`.
    @model_validator(mode="before")
    @classmethod
    def _parameters_follow_credentials(cls, data: Any) -> Any:
        """Derive the form from the credentials where the author declares none."""
        auth = data.get("auth") if isinstance(data, dict) else None
        if isinstance(auth, CustomAuth) and not auth.parameters and data.get("credentials"):
            return {**data, "auth": CustomAuth(parameters=form_of(data["credentials"]))}
        return data

    @model_validator(mode="before")
    @classmethod
    def _credentials_follow_auth(cls, data: Any) -> Any:
        """Add the usual credentials where the author declares none."""
        if isinstance(data, dict) and "credentials" not in data:
            return {**data, "credentials": usual_credentials(data.get("auth"), data)}
        return data

    @model_validator(mode="before")
    @classmethod
    def _oauth_fields_follow_auth(cls, data: Any) -> Any:
        auth = data.get("auth") if isinstance(data, dict) else None
        if isinstance(auth, OAuth2Config):
            return {"oauth_provider": auth.provider, "oauth_scopes": auth.scopes, **data}
        if isinstance(auth, Mapping):
            return {"oauth_provider": auth.get("provider"), "oauth_scopes": auth.get("scopes", ()), **data}
        return data

    @model_validator(mode="before")
    @classmethod
    def _auth_follows_provider(cls, data: Any) -> Any:
        """Declare OAuth where the author names a provider and leaves its addresses to the operator."""
        if not isinstance(data, dict) or data.get("auth") is not None or not data.get("oauth_provider"):
            return data
        wire = {"kind": "oauth2", "provider": data["oauth_provider"], "scopes": data.get("oauth_scopes", ())}
        return {**data, "auth": wire}

    @field_validator("name")
    @classmethod
    def _name_can_be_written(cls, name: str) -> str:
        if keyword.iskeyword(name):
            raise ValueError(f"{name!r} is a keyword of Python, so no script could write wren.integrations.{name}")
        return name

    @field_validator("hosts")
    @classmethod
    def _hosts_are_bare(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not _HOST.fullmatch(host) or not 0 < int(host.partition(":")[2] or 443) <= 65535:
                cure = f"; write {host.lower()!r}" if _HOST.fullmatch(host.lower()) and host != host.lower() else ""
                raise ValueError(f"host {host!r} must be `name` or `name:port`, without scheme, path or wildcard{cure}")
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
        refuse_doubles("credential key", self._keys())
        refuse_doubles("environment variable", self._variables())
        refuse_doubles("method", (method.id for method in self.methods))
        refuse_doubles("trigger", (trigger.name for trigger in self.triggers))
        _check_config_hosts(self.config_hosts, properties_of(self.config_schema))
        by_id = {method.id: method for method in self.methods}
        for method in self.methods:
            _check_undo(method, by_id)
        if self.type == "ai" and self.ai is None:
            raise ValueError("an integration of type 'ai' needs `ai`: its provider, models and default model")
        if self.type != "ai" and self.ai is not None:
            raise ValueError(f"`ai` is for integrations of type 'ai', and this one is of type {self.type!r}")
        return self

    def _keys(self) -> list[str]:
        return [*(cred.key for cred in self.credentials), *self.get_refresh_env_mapping()]

    def _variables(self) -> list[str]:
        return [*(cred.env_var for cred in self.credentials), *self.get_refresh_env_mapping().values()]

    @property
    def auth_type(self) -> Literal["oauth2", "apikey", "custom", "none"]:
        """The auth type, which decides how a person connects the integration."""
        return self.auth.kind if self.auth else "none"

    @property
    def required_scopes(self) -> tuple[str, ...]:
        """All scopes that a connection asks for, in declaration order."""
        wanted = [*self.oauth_scopes, *(scope for cred in self.credentials for scope in cred.oauth_scopes)]
        return tuple(dict.fromkeys(wanted))

    def get_setup_url(self, user_id: str = "", *, public_url: str = "") -> str:
        """Return the page where a person connects this integration.

        Args:
            user_id: fills `{user_id}` where the template has it; without one, a query parameter for it is left out.
            public_url: scheme and host of the backend, without a trailing slash.
        """
        template = self.setup_url_template if user_id else _USER_PARAMETER.sub("", self.setup_url_template)
        path = template.replace("{name}", self.name).replace("{user_id}", quote(user_id, safe=""))
        return path if "://" in path else public_url + path

    def get_env_mapping(self) -> dict[str, str]:
        """Return key -> environment variable for every credential, the refresh tokens included.

        A run has the variables of `get_run_env_mapping`; a local script may set all of these.
        """
        return {**self.get_run_env_mapping(), **self.get_refresh_env_mapping()}

    def get_run_env_mapping(self) -> dict[str, str]:
        """Return credential key -> environment variable for every value that each run gets, without refresh tokens."""
        return {cred.key: cred.env_var for cred in self.credentials}

    def get_refresh_env_mapping(self) -> dict[str, str]:
        """Return refresh key -> environment variable; a run gets these only where an operator enables it."""
        return {
            cred.refresh_key: cred.refresh_env_var
            for cred in self.credentials
            if cred.refresh_key is not None and cred.refresh_env_var is not None
        }

    def method(self, method_id: str) -> MethodSpec | None:
        """Find a method by id."""
        return next((method for method in self.methods if method.id == method_id), None)


def template_fields(template: str) -> list[str]:
    """Return the configuration fields in a template of `config_hosts`."""
    return re.findall(r"\{(\w+)\}", template)


def _check_config_hosts(templates: Iterable[str], properties: Mapping[str, Any]) -> None:
    # A declaration has no properties yet: they come with the class.
    unknown = [field for template in templates for field in template_fields(template) if field not in properties]
    if unknown and properties:
        raise ValueError(f"config_hosts names {unknown[0]!r}, and the configuration has {', '.join(properties)}")


def _check_undo(method: MethodSpec, methods: Mapping[str, MethodSpec]) -> None:
    if method.undo is None:
        return
    target = methods.get(method.undo.method)
    if target is None:
        nearest = find_nearest(method.undo.method, methods)
        cure = f"; did you mean {nearest!r}?" if nearest else ""
        named = f"{method.id} is undone by {method.undo.method!r}"
        raise ValueError(f"{named}, which is not a method of the integration{cure}")
    given, known = set(method.undo.arguments), set(properties_of(target.input_schema))
    needed = required_of(target.input_schema)
    if given - known or needed - given:
        raise ValueError(f"{method.id} is undone by {target.id!r}, which takes {sorted(known)}, not {sorted(given)}")
