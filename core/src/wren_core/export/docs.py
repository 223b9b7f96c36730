"""Documents derived from a spec: for people and models, before they use an integration."""

import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from wren_core.contract.spec import CredentialType, CustomAuth, IntegrationSpec, MethodSpec, Spec
from wren_core.export.python_types import PythonTypes
from wren_core.export.script_example import script_example
from wren_core.schemas.properties import properties_of, required_of


class AuthType(StrEnum):
    """How a person connects the integration, in short; `IntegrationSpec.auth_type` is the exact word."""

    NONE = "none"
    OAUTH = "oauth"
    """By consenting at the provider."""
    API_KEY = "api_key"
    """With a key of the provider's."""
    TOKEN = "token"  # noqa: S105 - a kind of connection
    """With a token made at the provider."""
    CUSTOM = "custom"
    """With other values: name and password, say."""

    @classmethod
    def of(cls, spec: IntegrationSpec) -> "AuthType":
        """Return how an integration is connected."""
        if isinstance(spec.auth, CustomAuth):
            types = {credential.type for credential in spec.credentials}
            return cls.TOKEN if types == {CredentialType.TOKEN} else cls.CUSTOM
        return {"oauth2": cls.OAUTH, "apikey": cls.API_KEY}.get(spec.auth_type, cls.NONE)


class ParamDoc(Spec):
    """One parameter of a method or of `.init(...)`, or one attribute of a record."""

    name: str
    type: str
    """A Python type as text, such as `str`, `list[str]` or `Literal['a', 'b']`."""
    description: str = ""
    required: bool = True
    default: str | None = None
    """The default as Python writes it, such as `10` or `'UTC'`; None where there is none."""


class RecordDoc(Spec):
    """An object that methods return or take: the attributes a script can read, or the keys it gives."""

    name: str
    description: str = ""
    fields: list[ParamDoc] = Field(default_factory=list)
    is_taken: bool = False
    """A method takes it: as a dict with these keys, or as the record itself."""


class MethodDoc(Spec):
    """One method."""

    name: str
    """Its id, as scripts call it."""
    description: str
    params: list[ParamDoc] = Field(default_factory=list)
    returns: str = "Any"
    """A Python type as text."""
    effect: str = "read"
    scopes: list[str] = Field(default_factory=list)
    example: str | None = None
    has_handler: bool = True
    """Whether it has a handler; a definition may declare methods without one."""

    @property
    def signature(self) -> str:
        """The call as Python shows it, such as `post(text, channel=None)`."""
        parts = [param.name if param.required else f"{param.name}={param.default}" for param in self.params]
        return f"{self.name}({', '.join(parts)})"


class IntegrationDocs(Spec):
    """An integration's documents."""

    name: str
    display_name: str
    description: str
    version: str = ""
    auth_type: AuthType
    env_vars: list[str] = Field(default_factory=list)
    """Variables from which a local script reads its credentials; refresh tokens, which few need, are omitted."""
    init_params: list[ParamDoc] = Field(default_factory=list)
    """What `.init(...)` takes."""
    methods: list[MethodDoc] = Field(default_factory=list)
    records: list[RecordDoc] = Field(default_factory=list)
    example: str = ""
    """A complete script that calls one method."""
    docs_url: str | None = None

    @classmethod
    def from_spec(cls, spec: IntegrationSpec, *, unbound: Collection[str] = ()) -> "IntegrationDocs":
        """Derive the documents of a complete spec.

        Args:
            spec: the described integration.
            unbound: ids of methods without a handler (`Plugin.unbound`).
        """
        return cls(
            name=spec.name,
            display_name=spec.display_name,
            description=spec.description,
            version=spec.version,
            auth_type=AuthType.of(spec),
            env_vars=list(spec.get_run_env_mapping().values()),
            init_params=_params(spec.config_schema, is_json=False),
            methods=[_method_doc(method, has_handler=method.id not in unbound) for method in spec.methods],
            records=_records(spec.methods),
            example=script_example(spec),
            docs_url=spec.docs_url,
        )


def record_doc(record: type[BaseModel]) -> RecordDoc:
    """Describe a record that scripts read: an event, say."""
    schema = record.model_json_schema(mode="serialization")
    fields = _params({**schema, "required": list(properties_of(schema))}, is_json=False)
    return RecordDoc(name=record.__name__, description=inspect.cleandoc(record.__doc__ or ""), fields=fields)


def _method_doc(method: MethodSpec, *, has_handler: bool) -> MethodDoc:
    definitions = method.output_schema.get("$defs", {})
    types = PythonTypes(definitions=definitions, is_json=method.request is not None, shows_formats=True)
    return MethodDoc(
        name=method.id,
        description=method.description,
        params=_params(method.input_schema, is_json=method.request is not None),
        returns=types.name_of(method.output_schema),
        effect=method.effect,
        scopes=list(method.scopes),
        example=method.example,
        has_handler=has_handler,
    )


def _records(methods: Iterable[MethodSpec]) -> list[RecordDoc]:
    """Return the records of all methods by name. A record that is both taken and returned is described as taken."""
    found: dict[str, RecordDoc] = {}
    for method in methods:
        is_json = method.request is not None
        taken = _records_in(method.input_schema, is_json=is_json, is_taken=True)
        for record in (*taken, *_records_in(method.output_schema, is_json=is_json, is_taken=False)):
            if record.name not in found or (record.is_taken and not found[record.name].is_taken):
                found[record.name] = record
    return [found[name] for name in sorted(found)]


def _records_in(schema: Mapping[str, Any], *, is_json: bool, is_taken: bool) -> Iterator[RecordDoc]:
    definitions = schema.get("$defs", {})
    whole = {} if is_taken else {schema.get("title", ""): schema}
    for name, node in {**whole, **definitions}.items():
        if name and isinstance(node, dict) and node.get("properties"):
            fields = _params({**node, "$defs": definitions}, is_json=is_json)
            yield RecordDoc(name=name, description=node.get("description", ""), fields=fields, is_taken=is_taken)


def _params(schema: Mapping[str, Any], *, is_json: bool) -> list[ParamDoc]:
    types = PythonTypes(definitions=schema.get("$defs", {}), is_json=is_json, shows_formats=True)
    required = required_of(schema)
    return [
        _param(name, prop if isinstance(prop, dict) else {}, types, required=name in required)
        for name, prop in properties_of(schema).items()
    ]


def _param(name: str, prop: dict[str, Any], types: PythonTypes, *, required: bool) -> ParamDoc:
    return ParamDoc(
        name=name,
        type=types.name_of(prop),
        description=prop.get("description", ""),
        required=required,
        default=None if required else repr(prop.get("default")),
    )
