"""From a signature to JSON Schema (2020-12), and from a schema to a compiled validator.

pydantic writes the schemas. jsonschema-rs checks values on the hot path; jsonschema, imported only when a value was
refused or a schema must be checked, says why. A test holds the two to the same verdicts.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, TypeAdapter, create_model
from pydantic.errors import PydanticSchemaGenerationError
from pydantic.fields import FieldInfo

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class SchemaInvalid(ValueError):
    """A schema is not valid 2020-12, or refers to something outside itself."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a value does not fit."""

    pointer: str
    """JSON pointer to the place in the value; empty for the value itself."""
    expected: str
    got: Any
    message: str


def input_model(function: Callable[..., Any], name: str) -> type[BaseModel]:
    """Build a pydantic model of the function's parameters, `self` apart.

    `Annotated[T, "text"]` gives a parameter its description. Unknown arguments are refused.

    Raises:
        TypeError: for a parameter without annotation, a positional-only one, or `*args`/`**kwargs`.
    """
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"{name}: parameter {parameter.name!r} must be a plain named parameter")
        if parameter.name not in hints:
            raise TypeError(f"{name}: parameter {parameter.name!r} needs a type annotation")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (described(hints[parameter.name]), default)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
    try:
        return create_model(name, __config__=config, **fields)
    except (PydanticSchemaGenerationError, PydanticUserError) as exc:
        raise TypeError(f"{name}: {exc.message}") from exc


def output_adapter(function: Callable[..., Any], name: str) -> TypeAdapter[Any]:
    """Build the adapter of the function's return type.

    Raises:
        TypeError: without a return annotation, or for a type that has no JSON form.
    """
    hints = get_type_hints(function, include_extras=True)
    if "return" not in hints:
        raise TypeError(f"{name}: the return type must be annotated")
    try:
        return TypeAdapter(hints["return"])
    except PydanticSchemaGenerationError as exc:
        raise TypeError(f"{name}: {exc.message}") from exc


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of an input model, without generated titles."""
    return _clean(model.model_json_schema(mode="validation"))


def output_schema(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """Return the schema of what a method returns, without generated titles."""
    return _clean(adapter.json_schema(mode="serialization"))


def described(annotation: Any) -> Any:
    """Turn the first plain string of an `Annotated` into pydantic's description."""
    if get_origin(annotation) is not Annotated:
        return annotation
    base, *metadata = get_args(annotation)
    text = next((item for item in metadata if isinstance(item, str)), None)
    if text is None or any(isinstance(item, FieldInfo) and item.description for item in metadata):
        return annotation
    kept = [item for item in metadata if item is not text]
    return Annotated[base, *kept, Field(description=text)]


class Validator:
    """A schema compiled once; refuses remote references and never fetches one.

    Raises:
        SchemaInvalid: when the schema is broken or refers to something outside itself.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = dict(schema)
        _refuse_foreign_references(self.schema)
        try:
            import jsonschema_rs  # here: 18 ms that listing names must not pay

            self._compiled = jsonschema_rs.Draft202012Validator(self.schema, validate_formats=True)
        except ValueError as exc:
            raise SchemaInvalid(str(exc).splitlines()[0]) from exc

    def is_valid(self, value: Any) -> bool:
        """Tell whether a JSON value fits."""
        return bool(self._compiled.is_valid(value))

    def problems(self, value: Any) -> list[Problem]:
        """List why a JSON value does not fit, in document order; empty when it fits."""
        if self.is_valid(value):
            return []
        found = sorted(self._explainer.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
        return [_problem(error) for error in found]

    @cached_property
    def _explainer(self) -> Any:
        from jsonschema import Draft202012Validator  # here: 94 ms, paid only to explain a refusal

        return Draft202012Validator(self.schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _problem(error: Any) -> Problem:
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.absolute_path)
    expected = f"{error.validator}: {error.validator_value!r}"
    return Problem(pointer=pointer, expected=_short(expected), got=error.instance, message=_short(error.message))


def _short(text: str, limit: int = 300) -> str:
    return text if len(text) <= limit else text[:limit] + "..."


def _refuse_foreign_references(schema: Any) -> None:
    for reference in _references(schema):
        if not reference.startswith("#"):
            raise SchemaInvalid(f"$ref {reference!r} leads outside the schema; only `#/...` is allowed")


def _references(node: Any) -> Iterator[str]:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Mapping):
            for key, value in current.items():
                if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                    yield value
                else:
                    pending.append(value)
        elif isinstance(current, list):
            pending.extend(current)


def _clean(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: _clean_node(key, value) for key, value in schema.items() if key != "title"}


def _clean_node(key: str, value: Any) -> Any:
    if key in ("properties", "$defs") and isinstance(value, dict):
        return {name: _clean(node) for name, node in value.items()}  # here "title" is somebody's property name
    if key in ("default", "const", "enum", "examples"):
        return value
    if isinstance(value, dict):
        return _clean(value)
    if isinstance(value, list):
        return [_clean(item) if isinstance(item, dict) else item for item in value]
    return value
