"""The wire and database form of a spec: camelCase JSON, lossless in both directions."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from wren_core.contract.key_conventions import usual_key_config
from wren_core.contract.spec import (
    AIConfig,
    ApiKeyConfig,
    CredentialSpec,
    CredentialType,
    CustomAuth,
    IntegrationSpec,
    IntegrationType,
    MethodSpec,
    Name,
    OAuth2Config,
    TriggerSpec,
)
from wren_core.contract.wire_form import misfit, read_part, refuse_unknown, to_wire
from wren_core.errors import DefinitionInvalid
from wren_core.schemas.properties import properties_of, required_of

AuthTypeName = Literal["oauth2", "apikey", "custom", "none"]
_FOLLOWING = ("oauth_provider", "oauth_scopes")
_WIRE_NAMES = {"name": "integrationId", "display_name": "name", "ai": "aiConfig"}


class IntegrationDefinition(BaseModel):
    """An integration as the API, the database and exports hold it.

    `methods`, `credentials`, `triggers` and the three auth configurations are camelCase JSON objects whose fields are
    those of `MethodSpec`, `CredentialSpec`, `TriggerSpec`, `OAuth2Config`, `ApiKeyConfig` and `CustomAuth`.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    integration_id: Name
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
    config_hosts: list[str] = Field(default_factory=list)
    triggers: list[dict[str, Any]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _auth_fits_its_type(self) -> "IntegrationDefinition":
        given = {"oauth2": self.oauth2_config, "apikey": self.api_key_config, "custom": self.custom_auth}
        for kind, config in given.items():
            if config is not None and kind != self.auth_type:
                raise ValueError(f"authType is {self.auth_type!r}, but a configuration for {kind!r} is given")
        if self.auth_type == "oauth2" and self.oauth2_config is None and not self.oauth_provider:
            raise ValueError("authType 'oauth2' needs its configuration, or the oauthProvider of a server's own")
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
            methods=[_method_wire(method) for method in spec.methods],
            config_schema=spec.config_schema,
            auth_type=spec.auth_type,
            oauth2_config=_auth_wire(auth) if isinstance(auth, OAuth2Config) else None,
            api_key_config=_auth_wire(auth) if isinstance(auth, ApiKeyConfig) else None,
            custom_auth=_auth_wire(auth) if isinstance(auth, CustomAuth) else None,
            ai_config=to_wire(spec.ai.model_dump(mode="json")) if spec.ai else None,
            credentials=[to_wire(credential.model_dump(mode="json")) for credential in spec.credentials],
            oauth_provider=spec.oauth_provider,
            oauth_scopes=list(spec.oauth_scopes),
            setup_url_template=spec.setup_url_template,
            docs_url=spec.docs_url,
            base_url=spec.base_url,
            hosts=list(spec.hosts),
            config_hosts=list(spec.config_hosts),
            triggers=[to_wire(trigger.model_dump(mode="json")) for trigger in spec.triggers],
        )

    @classmethod
    def from_wire(cls, document: Any) -> "IntegrationDefinition":
        """Read a definition from its JSON object, whether Wren or another program wrote it.

        Optional fields have defaults; omitted credentials follow the auth type (see `to_spec`).

        Raises:
            DefinitionInvalid: names the place, the reason and, for an unknown key, the nearest one.
        """
        if not isinstance(document, Mapping):
            raise DefinitionInvalid(f"a definition is a JSON object, not {type(document).__name__}")
        refuse_unknown(cls, document)
        try:
            return cls.model_validate(dict(document))
        except ValidationError as exc:
            raise misfit(exc) from exc

    def to_spec(self) -> IntegrationSpec:
        """Return the spec of this definition.

        A definition without `credentials` gets those of its auth type: an access token, an API
        key, or one value for each of the custom parameters.

        Raises:
            DefinitionInvalid: names the place and the reason.
        """
        auth = self._auth()
        values: dict[str, Any] = {
            "name": self.integration_id,
            "display_name": self.name,
            "description": self.description,
            "version": self.version,
            "type": self.type,
            "auth": auth,
            **self._credentials(auth),
            "docs_url": self.docs_url,
            "base_url": self.base_url,
            "hosts": self.hosts,
            "config_hosts": self.config_hosts,
            "methods": [read_part(MethodSpec, item, f"/methods/{i}") for i, item in enumerate(self.methods)],
            "config_schema": self.config_schema,
            "triggers": [read_part(TriggerSpec, item, f"/triggers/{i}") for i, item in enumerate(self.triggers)],
            "ai": read_part(AIConfig, self.ai_config, "/aiConfig") if self.ai_config is not None else None,
        }
        if self.setup_url_template is not None:
            values["setup_url_template"] = self.setup_url_template
        # Where left out these follow the OAuth configuration; an empty value that was given stays empty.
        values |= {name: getattr(self, name) for name in _FOLLOWING if name in self.model_fields_set}
        try:
            return IntegrationSpec(**values)
        except ValidationError as exc:
            raise misfit(exc, names=_WIRE_NAMES) from exc

    @property
    def resolved_auth_type(self) -> AuthTypeName:
        """The auth type; a provider that is named outside `oauth2Config` means OAuth 2.0."""
        return "oauth2" if self.auth_type == "none" and self.oauth_provider else self.auth_type

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object as it is sent and stored: without the omitted fields."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def _auth(self) -> OAuth2Config | ApiKeyConfig | CustomAuth | None:
        if self.oauth2_config is not None:
            provider = self.oauth_provider or self.integration_id
            return read_part(OAuth2Config, self.oauth2_config, "/oauth2Config", provider=provider)
        if self.api_key_config is not None:
            return read_part(ApiKeyConfig, self.api_key_config, "/apiKeyConfig")
        if self.auth_type == "apikey":
            return usual_key_config(str((self.ai_config or {}).get("provider", "")))
        if self.auth_type == "custom":
            return read_part(CustomAuth, self.custom_auth or {}, "/customAuth")
        return None

    def _credentials(self, auth: OAuth2Config | ApiKeyConfig | CustomAuth | None) -> dict[str, list[CredentialSpec]]:
        """Return the field `credentials`; empty where the spec adds the usual ones of the auth type."""
        if "credentials" in self.model_fields_set:
            given = enumerate(self.credentials)
            return {"credentials": [read_part(CredentialSpec, item, f"/credentials/{i}") for i, item in given]}
        if isinstance(auth, CustomAuth):
            return {"credentials": [self._parameter(key, auth.parameters) for key in properties_of(auth.parameters)]}
        return {}

    def _parameter(self, key: str, schema: Mapping[str, Any]) -> CredentialSpec:
        field = properties_of(schema)[key]
        wire = {
            "key": key,
            "type": CredentialType.CUSTOM,
            "envVar": f"{self.integration_id}_{key}".upper(),
            "required": key in required_of(schema),
            "description": (field.get("description") if isinstance(field, Mapping) else None) or "",
        }
        return read_part(CredentialSpec, wire, f"/customAuth/parameters/properties/{key}")


def _auth_wire(auth: OAuth2Config | ApiKeyConfig | CustomAuth) -> dict[str, Any]:
    return to_wire(auth.model_dump(mode="json", exclude={"kind"}))


def _method_wire(method: MethodSpec) -> dict[str, Any]:
    """Return a method on the wire; a request has only the fields that differ from the defaults."""
    wire = to_wire(method.model_dump(mode="json", exclude={"request"}))
    if method.request is None:
        return wire
    return {**wire, "request": to_wire(method.request.model_dump(mode="json", exclude_defaults=True))}
