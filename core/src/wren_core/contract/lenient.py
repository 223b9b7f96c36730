"""Fields that never refuse what a provider sends: missing is None, odd is kept as it came.

A provider that omits a member, or sends another type than its documentation says, must not cost the caller the whole
list. The published schema stays what the documentation promises; what comes from a caller is checked against it, and a
caller's values are read strictly.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pydantic_core import CoreSchema, PydanticUseDefault, core_schema

GIVEN_BY_CALLER = "given by a caller"
"""The pydantic context in which records are read strictly."""
_is_relaxed: ContextVar[bool] = ContextVar("wren_relaxed_records", default=False)


def with_lenient_fields(schema: CoreSchema, cls: type) -> CoreSchema:
    """Return the core schema of a record whose fields keep what they cannot read."""
    for model in _find_models(schema, cls):
        fields = model["fields"]
        for name, field in fields.items():
            fields[name] = {**field, "schema": _with_default(field["schema"])}
    return schema


@contextmanager
def relaxed_records() -> Iterator[None]:
    """Generate schemas in the block that accept what the fields of records accept."""
    token = _is_relaxed.set(True)
    try:
        yield
    finally:
        _is_relaxed.reset(token)


def is_relaxed() -> bool:
    """Tell whether schemas are generated for `relaxed_records`."""
    return _is_relaxed.get()


def _find_models(schema: Any, cls: type) -> Iterator[dict[str, Any]]:
    """Yield the `model-fields` of a class, however the schema wraps them, without those of other classes."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind == "model-fields":
        yield schema
    elif kind == "model" and schema["cls"] is not cls:
        return
    elif kind == "definitions":
        for part in (schema["schema"], *schema["definitions"]):
            if part.get("type") != "model" or part["cls"] is cls:
                yield from _find_models(part, cls)
    elif isinstance(schema, dict) and isinstance(schema.get("schema"), dict):
        yield from _find_models(schema["schema"], cls)


def _with_default(schema: Any) -> Any:
    if schema["type"] == "default":
        return {**schema, "schema": _keep(schema["schema"], _validate_field)}
    return core_schema.with_default_schema(_keep(schema, _validate_field), default=None)


def _keep(schema: Any, validate: Callable[..., Any]) -> Any:
    """Return a schema that keeps an odd value, and in a list or an object only the odd items."""
    inner = _keep_items(schema)
    # The serializer takes the odd value as it is; the schema for JSON is that of the usual one.
    either = core_schema.union_schema([inner, core_schema.any_schema()], mode="left_to_right")
    serialization = core_schema.wrap_serializer_function_ser_schema(_serialize, schema=either)
    return core_schema.with_info_wrap_validator_function(validate, inner, serialization=serialization)


def _keep_items(schema: Any) -> Any:
    kind = schema["type"]
    if kind == "nullable":
        return {**schema, "schema": _keep_items(schema["schema"])}
    if kind == "list" and "items_schema" in schema:
        return {**schema, "items_schema": _keep(schema["items_schema"], _validate_item)}
    if kind == "tuple":
        return {**schema, "items_schema": [_keep(item, _validate_item) for item in schema["items_schema"]]}
    if kind == "dict" and "values_schema" in schema:
        return {**schema, "values_schema": _keep(schema["values_schema"], _validate_item)}
    return schema


def _serialize(value: Any, serialize: Callable[[Any], Any]) -> Any:
    return serialize(value)


def _validate_field(value: Any, validate: Callable[[Any], Any], info: core_schema.ValidationInfo) -> Any:
    try:
        return validate(value)
    except Exception:  # a validator of the author's may raise anything about an odd value
        if info.context == GIVEN_BY_CALLER:
            raise
    if value is None:
        raise PydanticUseDefault
    return _printable(value)


def _validate_item(value: Any, validate: Callable[[Any], Any], info: core_schema.ValidationInfo) -> Any:
    try:
        return validate(value)
    except Exception:  # a validator of the author's may raise anything about an odd value
        if info.context == GIVEN_BY_CALLER:
            raise
    return _printable(value)


def _printable(value: Any) -> Any:
    """Return a value whose texts have a JSON form: half a surrogate pair has none."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {str(_printable(key)): _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value
