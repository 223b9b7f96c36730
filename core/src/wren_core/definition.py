"""The wire and database form of a spec: camelCase JSON, lossless in both directions."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from wren_core.spec import (
    AIConfig,
    ApiKeyConfig,
    CredentialSpec,
    CustomAuth,
    IntegrationSpec,
    IntegrationType,
    MethodSpec,
    OAuth2Config,
    TriggerSpec,
)

AuthTypeName = Literal["oauth2", "apikey", "custom", "none"]
# Data inside these keys belongs to the author: its keys are never renamed.
_VERBATIM = frozenset(
    {"input_schema", "output_schema", "config_schema", "parameters", "additional_parameters", "arguments"}
)

_FOLLOWING = ("oauth_provider", "oauth_scopes")


class IntegrationDefinition(BaseModel):
    """An integration as the API, the database and exports hold it.

    `methods`, `credentials`, `triggers` and the three auth configurations are camelCase JSON objects whose fields are
    those of `MethodSpec`, `CredentialSpec`, `TriggerSpec`, `OAuth2Config`, `ApiKeyConfig` and `CustomAuth`.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    integration_id: str
    name: str
    description: str = ""
    version: str = ""
    type: IntegrationType = "integration"
    methods: list[dict[str, Any]] = Field(default_factory=list)
    config_schema: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    auth_type: AuthTypeName = "none"
    oauth2_config: dict[str, Any] | None = Field(default=None, alias="oauth2Config")
    api_key_config: dict[str, Any] | None = None
    custom_auth: dict[str, Any] | None = None
    ai_config: dict[str, Any] | None = None
    credentials: list[dict[str, Any]] = Field(default_factory=list)
    oauth_provider: str | None = None
    oauth_scopes: list[str] = Field(default_factory=list)
    setup_url_template: str | None = None
    docs_url: str | None = None
    base_url: str | None = None
    hosts: list[str] = Field(default_factory=list)
    triggers: list[dict[str, Any]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _auth_fits_its_type(self) -> "IntegrationDefinition":
        given = {"oauth2": self.oauth2_config, "apikey": self.api_key_config, "custom": self.custom_auth}
        for kind, config in given.items():
            if config is not None and kind != self.auth_type:
                raise ValueError(f"authType is {self.auth_type!r}, but a configuration for {kind!r} is given")
        if self.auth_type in ("oauth2", "apikey") and given[self.auth_type] is None:
            raise ValueError(f"authType {self.auth_type!r} needs its configuration")
        return self

    @classmethod
    def from_spec(cls, spec: IntegrationSpec) -> "IntegrationDefinition":
        """Return the definition of a complete spec."""
        auth = spec.auth
        return cls(
            integration_id=spec.name,
            name=spec.display_name,
            description=spec.description,
            version=spec.version,
            type=spec.type,
            methods=[_to_wire(method.model_dump(mode="json")) for method in spec.methods],
            config_schema=spec.config_schema,
            auth_type=spec.auth_type,
            oauth2_config=_auth_wire(auth) if isinstance(auth, OAuth2Config) else None,
            api_key_config=_auth_wire(auth) if isinstance(auth, ApiKeyConfig) else None,
            custom_auth=_auth_wire(auth) if isinstance(auth, CustomAuth) else None,
            ai_config=_to_wire(spec.ai.model_dump(mode="json")) if spec.ai else None,
            credentials=[_to_wire(credential.model_dump(mode="json")) for credential in spec.credentials],
            oauth_provider=spec.oauth_provider,
            oauth_scopes=list(spec.oauth_scopes),
            setup_url_template=spec.setup_url_template,
            docs_url=spec.docs_url,
            base_url=spec.base_url,
            hosts=list(spec.hosts),
            triggers=[_to_wire(trigger.model_dump(mode="json")) for trigger in spec.triggers],
        )

    def to_spec(self) -> IntegrationSpec:
        """Return the spec this definition was made of.

        Raises:
            pydantic.ValidationError: when a field does not fit the spec.
        """
        values: dict[str, Any] = {
            "name": self.integration_id,
            "display_name": self.name,
            "description": self.description,
            "version": self.version,
            "type": self.type,
            "auth": self._auth(),
            "credentials": tuple(CredentialSpec(**_from_wire(item)) for item in self.credentials),
            "docs_url": self.docs_url,
            "base_url": self.base_url,
            "hosts": self.hosts,
            "methods": tuple(MethodSpec(**_from_wire(item)) for item in self.methods),
            "config_schema": self.config_schema,
            "triggers": tuple(TriggerSpec(**_from_wire(item)) for item in self.triggers),
            "ai": AIConfig(**_from_wire(self.ai_config)) if self.ai_config else None,
        }
        if self.setup_url_template is not None:
            values["setup_url_template"] = self.setup_url_template
        # Where left out these follow the OAuth configuration; an empty value that was given stays empty.
        values |= {name: getattr(self, name) for name in _FOLLOWING if name in self.model_fields_set}
        return IntegrationSpec(**values)

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object as it is sent and stored."""
        return self.model_dump(mode="json", by_alias=True)

    def _auth(self) -> OAuth2Config | ApiKeyConfig | CustomAuth | None:
        if self.oauth2_config is not None:
            provider = {"provider": self.oauth_provider or self.integration_id}
            return OAuth2Config(**{**provider, **_from_wire(self.oauth2_config)})
        if self.api_key_config is not None:
            return ApiKeyConfig(**_from_wire(self.api_key_config))
        if self.auth_type == "custom":
            return CustomAuth(**_from_wire(self.custom_auth or {}))
        return None


def _auth_wire(auth: OAuth2Config | ApiKeyConfig | CustomAuth) -> dict[str, Any]:
    return _to_wire(auth.model_dump(mode="json", exclude={"kind"}))


def _to_wire(value: dict[str, Any]) -> dict[str, Any]:
    return {to_camel(key): item if key in _VERBATIM else _nested(item, _to_wire) for key, item in value.items()}


def _from_wire(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: item if name in _VERBATIM else _nested(item, _from_wire)
        for name, item in ((_snake(key), item) for key, item in value.items())
    }


def _nested(value: Any, convert: Any) -> Any:
    if isinstance(value, dict):
        return convert(value)
    if isinstance(value, list):
        return [_nested(item, convert) for item in value]
    return value


def _snake(key: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key)
