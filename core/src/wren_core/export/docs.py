"""Documents derived from a spec: what a person or a model reads before using an integration."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from wren_core.contract.spec import IntegrationSpec, MethodSpec, Spec
from wren_core.schemas.type_words import type_words


class AuthType(StrEnum):
    """How the integration is connected."""

    OAUTH2 = "oauth2"
    APIKEY = "apikey"
    CUSTOM = "custom"
    NONE = "none"


class ParamDoc(Spec):
    """One parameter of a method or of `.init(...)`."""

    name: str
    type: str
    """A short type in words of JSON Schema, such as `string` or `array of string`."""
    description: str = ""
    required: bool = False
    default: Any = None


class RecordDoc(Spec):
    """What methods return, by name: the attributes a script can read."""

    name: str
    description: str = ""
    fields: tuple[ParamDoc, ...] = ()


class MethodDoc(Spec):
    """One method."""

    id: str
    description: str
    params: tuple[ParamDoc, ...] = ()
    returns: str = "any"
    effect: str = "read"
    scopes: tuple[str, ...] = ()
    example: str | None = None

    @property
    def signature(self) -> str:
        """The call as Python shows it, such as `post(text, channel=None)`."""
        parts = [param.name if param.required else f"{param.name}={param.default!r}" for param in self.params]
        return f"{self.id}({', '.join(parts)})"


class IntegrationDocs(Spec):
    """An integration's documents."""

    name: str
    display_name: str
    description: str
    version: str = ""
    auth_type: AuthType
    env_vars: tuple[str, ...] = ()
    config: tuple[ParamDoc, ...] = ()
    methods: tuple[MethodDoc, ...] = ()
    records: tuple[RecordDoc, ...] = ()
    docs_url: str | None = None

    @classmethod
    def from_spec(cls, spec: IntegrationSpec) -> "IntegrationDocs":
        """Derive the documents of a complete spec."""
        return cls(
            name=spec.name,
            display_name=spec.display_name,
            description=spec.description,
            version=spec.version,
            auth_type=AuthType(spec.auth_type),
            env_vars=tuple(spec.get_env_mapping().values()),
            config=_params(spec.config_schema),
            methods=tuple(_method_doc(method) for method in spec.methods),
            records=_records(spec.methods),
            docs_url=spec.docs_url,
        )


def _method_doc(method: MethodSpec) -> MethodDoc:
    return MethodDoc(
        id=method.id,
        description=method.description,
        params=_params(method.input_schema),
        returns=type_words(method.output_schema),
        effect=method.effect,
        scopes=method.scopes,
        example=method.example,
    )


def _records(methods: Iterable[MethodSpec]) -> tuple[RecordDoc, ...]:
    found: dict[str, RecordDoc] = {}
    for method in methods:
        schema = method.output_schema
        definitions = schema.get("$defs", {})
        for name, node in {schema.get("title", ""): schema, **definitions}.items():
            if name and isinstance(node, dict) and node.get("properties"):
                fields = _params({**node, "$defs": definitions})
                found.setdefault(name, RecordDoc(name=name, description=node.get("description", ""), fields=fields))
    return tuple(found[name] for name in sorted(found))


def _params(schema: dict[str, Any]) -> tuple[ParamDoc, ...]:
    required = schema.get("required", [])
    return tuple(
        _param(name, prop if isinstance(prop, dict) else {}, schema, required=name in required)
        for name, prop in schema.get("properties", {}).items()
    )


def _param(name: str, prop: dict[str, Any], schema: dict[str, Any], *, required: bool) -> ParamDoc:
    return ParamDoc(
        name=name,
        type=type_words(prop, schema.get("$defs", {})),
        description=prop.get("description", ""),
        required=required,
        default=prop.get("default"),
    )
