"""Checks literals that fit a schema against the types behind it: dates, addresses, and what has rules in Python."""

from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from wren_core.contract.methods import Method
from wren_core.declarative.method import DeclaredMethod
from wren_core.declarative.unbound import UnboundMethod
from wren_core.schemas.validator import Validator

_SHOWN = 80
_EXAMPLES = {
    "date-time": "such as 2026-03-01T09:00:00+00:00, or a datetime",
    "date": "such as 2026-03-01, or a date",
    "time": "such as 09:00:00, or a time",
    "duration": "such as P1D, or a timedelta",
}


def explain_unreadable(method: Method, parameter: str, value: Any) -> str | None:
    """Return why a method cannot read a literal that fits its schema, or None where it can."""
    schema = method.spec.input_schema.get("properties", {}).get(parameter, {})
    if isinstance(method, DeclaredMethod | UnboundMethod):
        whole = {**schema, "$defs": method.spec.input_schema.get("$defs", {})}
        problems = Validator(whole, formats=True).problems(value)
        return _explain(schema, value, problems[0].message) if problems else None
    for field in method.input_model.model_fields.values():
        if field.alias == parameter:
            return _try_field(field, schema, value)
    return None


def _try_field(field: Any, schema: Any, value: Any) -> str | None:
    try:
        TypeAdapter(_with_metadata(field)).validate_python(value)
    except ValidationError as exc:
        return _explain(schema, value, exc.errors(include_url=False, include_input=False)[0]["msg"])
    except Exception:  # noqa: BLE001 - a validator of a plugin may raise anything; the run will tell
        return None
    return None


def _with_metadata(field: Any) -> Any:
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _explain(schema: Any, value: Any, message: str) -> str:
    found = _find_format(schema)
    expected = f"expected a {found} {_EXAMPLES[found]}" if found in _EXAMPLES else message
    return f"{expected}, got {str(value)[:_SHOWN]!r}"


def _find_format(schema: Any) -> str | None:
    if not isinstance(schema, dict):
        return None
    options = [schema, *schema.get("anyOf", []), *schema.get("oneOf", [])]
    return next((item["format"] for item in options if isinstance(item, dict) and "format" in item), None)
