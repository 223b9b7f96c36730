"""Why a result is not of the return type of its method, in types alone: values may be private data. Pure."""

import re
from inspect import Parameter
from typing import Any

from pydantic import BaseModel

from wren_core.contract.methods import Method


def describe_result_fault(method: Method, result: Any, exc: Exception) -> str:
    """Return what a method returned, and what it declares: `returned dict, and Item is declared; write Item(**value)`.

    Args:
        method: whose result has no JSON form.
        result: what it returned.
        exc: the error of its serializer, which knows the part that does not fit.
    """
    found = re.search(r"Expected `([^`]+)`.*?input_type=([\w.]+)", str(exc), re.DOTALL)
    declared = _name_type(method.signature.return_annotation)
    if found is None:
        return f"returned {type(result).__name__}, and {declared} is declared: its value has no JSON form"
    expected, given = found[1], found[2]
    inside = "" if given == type(result).__name__ else f" inside its {type(result).__name__}"
    record = _find_record(method, expected)
    hint = f"; write {record}(**value)" if record and given == "dict" else ""
    return f"returned {given}{inside} where {record or expected} is expected ({declared} is declared){hint}"


def _name_type(annotation: Any) -> str:
    if annotation is Parameter.empty:
        return "another type"
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", repr(annotation))
    return text if getattr(annotation, "__args__", None) is None else re.sub(r"(\w+\.)+(?=\w)", "", repr(annotation))


def _find_record(method: Method, name: str) -> str | None:
    """Return the name of a record of the return type, which the error calls by its name."""
    pending: list[Any] = [method.signature.return_annotation]
    while pending:
        current = pending.pop()
        if isinstance(current, type) and issubclass(current, BaseModel):
            if current.__name__ == name:
                return name
            pending.extend(field.annotation for field in current.model_fields.values())
        pending.extend(getattr(current, "__args__", ()))
    return name if name[:1].isupper() else None
