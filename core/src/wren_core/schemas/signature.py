"""From a Python signature to JSON Schema (2020-12); pydantic writes it. Values are checked by `schema.Validator`."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, TypeAdapter, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from pydantic_core import SchemaError

from wren_core.schemas.subschemas import VERBATIM
from wren_core.schemas.validator import first_line

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# JSON has no bytes: arguments and results hold them as base64.
_BYTES = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
# Keywords whose values are maps from names of the author to schemas: there "title" is a name.
# What pydantic raises for an annotation that it cannot use.
_REFUSALS = (PydanticUserError, NameError, SchemaError)
_NAMED_SCHEMAS = frozenset({"properties", "$defs", "patternProperties", "dependentSchemas"})


def input_model(function: Callable[..., Any], name: str) -> type[BaseModel]:
    """Build a pydantic model of the function's parameters, without `self`; read its values with `arguments_of`.

    `Annotated[T, "text"]` gives a parameter its description. Unknown arguments are refused.

    Raises:
        TypeError: for a parameter without annotation, one that is positional-only, `*args` or `**kwargs`, or a type
            that has no JSON form.
    """
    hints = _hints(function, name)
    fields: dict[str, Any] = {}
    for index, parameter in enumerate(list(inspect.signature(function).parameters.values())[1:]):
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(
                f"{name}: parameter {parameter.name!r} must be a plain named parameter, as hosts call by name; "
                "several values are one parameter, `list[str]` or `dict[str, str]`"
            )
        if parameter.name not in hints:
            hint = f'write `{parameter.name}: Annotated[str, "what it is"]`'
            raise TypeError(f"{name}: parameter {parameter.name!r} needs a type annotation; {hint}")
        default = ... if parameter.default is parameter.empty else parameter.default
        # A neutral name with an alias: a parameter may be called `schema`, `json` or `copy`, a model's field may not.
        annotation: Any = Annotated[described(hints[parameter.name]), Field(alias=parameter.name)]
        fields[f"argument_{index}"] = (annotation, default)
    try:
        model = create_model(name, __config__=ConfigDict(extra="forbid", **_BYTES), **fields)
    except _REFUSALS as exc:
        raise TypeError(f"{name}: {_explain(exc)}") from exc
    _refuse_lazy(model.__pydantic_core_schema__, name)
    return model


def arguments_of(model: BaseModel) -> dict[str, Any]:
    """Return the checked arguments of an input model by parameter name, with defaults."""
    return {str(field.alias): getattr(model, key) for key, field in type(model).model_fields.items()}


def output_adapter(function: Callable[..., Any], name: str) -> TypeAdapter[Any]:
    """Build the adapter of the function's return type.

    Raises:
        TypeError: without a return annotation, or for a type that has no JSON form.
    """
    hints = _hints(function, name)
    if "return" not in hints:
        raise TypeError(f"{name}: the return type must be annotated; write `-> None` where it returns nothing")
    try:
        adapter = _adapter(hints["return"])
    except _REFUSALS as exc:
        raise TypeError(f"{name}: the return type: {_explain(exc)}") from exc
    _refuse_lazy(adapter.core_schema, name)
    return adapter


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of an input model, without generated titles.

    Raises:
        TypeError: for a type or a default that has no JSON form.
    """
    try:
        return _clean(model.model_json_schema(mode="validation", schema_generator=_Generator))
    except PydanticUserError as exc:
        raise TypeError(f"{model.__name__}: {_explain(exc)}") from exc


def output_schema(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """Return the schema of what a method returns; the title of a record's schema is its name.

    Raises:
        TypeError: for a type that has no JSON form.
    """
    try:
        schema = adapter.json_schema(mode="serialization", schema_generator=_Generator)
    except PydanticUserError as exc:
        raise TypeError(f"the return type: {_explain(exc)}") from exc
    title = {"title": schema["title"]} if schema.get("type") == "object" and "title" in schema else {}
    return {**title, **_clean(schema)}


def described(annotation: Any) -> Any:
    """Turn the first plain string of an `Annotated` into pydantic's description."""
    if get_origin(annotation) is not Annotated:
        return annotation
    base, *metadata = get_args(annotation)
    text = next((item for item in metadata if isinstance(item, str)), None)
    if text is None or any(isinstance(item, FieldInfo) and item.description for item in metadata):
        return annotation
    return Annotated[base, *metadata, Field(description=text)]


def _hints(function: Callable[..., Any], name: str) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, AttributeError, SyntaxError, TypeError) as exc:
        hint = "define or import it at the top of the module, outside `if TYPE_CHECKING`"
        raise TypeError(f"{name}: an annotation cannot be resolved: {first_line(exc)}; {hint}") from exc


def _explain(exc: Exception) -> str:
    """Return the error of pydantic about an annotation, with what to write."""
    unknown = re.search(r"[sS]chema for (?:core_schema\.\w+ )?\(?(.+?)\)?(?:\. Set |$)", first_line(exc))
    if isinstance(exc, PydanticUserError) and unknown:
        found = unknown[1].removeprefix("core_schema.")
        return f"{found} has no JSON form; use a Record, or a type such as str, int, datetime or list[str]"
    if isinstance(exc, SchemaError):
        return " ".join(str(exc).rpartition("SchemaError: ")[2].split())
    return first_line(exc)


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(annotation, config=_BYTES)
    except PydanticUserError:
        return TypeAdapter(annotation)  # a model, dataclass or TypedDict: it has its own configuration


def _refuse_lazy(core_schema: Any, name: str) -> None:
    """Refuse `Iterable` and `Generator`: a check would consume it before the caller reads it."""
    pending = [core_schema]
    while pending:
        current = pending.pop()
        if isinstance(current, Mapping):
            if current.get("type") == "generator":
                raise TypeError(f"{name}: an iterable can be read only once; annotate it as a list")
            pending.extend(current.values())
        elif isinstance(current, list | tuple):
            pending.extend(current)


class _Generator(GenerateJsonSchema):
    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        if kind != "skipped-discriminator":  # other warnings are about an omitted default or an alternative of a union
            raise TypeError(detail)


def _clean(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: _clean_node(key, value) for key, value in schema.items() if key != "title"}


def _clean_node(key: str, value: Any) -> Any:
    if key in VERBATIM:
        return value
    if key in _NAMED_SCHEMAS and isinstance(value, dict):
        return {name: _clean_node("", node) for name, node in value.items()}
    if isinstance(value, dict):
        return _clean(value)
    if isinstance(value, list):
        return [_clean_node("", item) for item in value]
    return value
