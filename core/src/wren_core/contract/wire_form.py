"""Declarations on the wire: fields in camelCase, and an error for a value that does not fit."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from wren_core import json_pointer
from wren_core.errors import DefinitionInvalid
from wren_core.nearest import find_nearest, suggest

Model = TypeVar("Model", bound=BaseModel)

# Data inside these keys belongs to the author: its keys are never renamed.
VERBATIM = frozenset(
    {"input_schema", "output_schema", "config_schema", "parameters", "additional_parameters", "arguments"}
)


def to_wire(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dumped declaration with camelCase keys, except for the author's own data."""
    return {to_camel(key): item if key in VERBATIM else _convert_nested(item, to_wire) for key, item in value.items()}


def from_wire(value: Mapping[str, Any]) -> dict[str, Any]:
    """Reverse `to_wire`."""
    return {
        name: item if name in VERBATIM else _convert_nested(item, from_wire)
        for name, item in ((_snake(key), item) for key, item in value.items())
    }


def read_part(model: type[Model], value: Any, pointer: str, **defaults: Any) -> Model:
    """Return the declaration that `value` is the wire form of.

    Args:
        model: the class of the declaration.
        value: its wire form.
        pointer: where it stands in the whole document.
        defaults: fields for which `value` has no key.

    Raises:
        DefinitionInvalid: names the place, the reason and, for an unknown key, the nearest one and all known ones.
    """
    if not isinstance(value, Mapping):
        _refuse(pointer, f"must be an object, not {type(value).__name__}")
    refuse_unknown(model, value, pointer)
    try:
        return model(**{**defaults, **from_wire(value)})
    except ValidationError as exc:
        raise misfit(exc, pointer) from exc


def refuse_unknown(model: type[BaseModel], value: Mapping[str, Any], pointer: str = "") -> None:
    """Refuse a key that is not a field of a declaration, or two keys for one field, at any depth.

    Raises:
        DefinitionInvalid: names the key, the place, the nearest key and all known ones.
    """
    fields = {name: field.alias or to_camel(name) for name, field in model.model_fields.items()}
    known = {**{alias: name for name, alias in fields.items()}, **{name: name for name in fields}}
    seen: set[str] = set()
    for key, item in value.items():
        name = known.get(key)
        if name is None:
            _refuse_key(pointer + json_pointer.build([key]), str(key), list(fields.values()))
        if name in seen:
            _refuse(pointer + json_pointer.build([key]), f"means the same as {fields[name]!r}, which is given too")
        seen.add(name)
        if name not in VERBATIM:
            _refuse_inside(model.model_fields[name].annotation, item, pointer + json_pointer.build([key]))


def misfit(exc: ValidationError, pointer: str = "", *, names: Mapping[str, str] | None = None) -> DefinitionInvalid:
    """Return the error for the first value that does not fit, at its place on the wire.

    Args:
        exc: the error of pydantic.
        pointer: where the declaration stands in the whole document.
        names: keys of the wire by field, where they are not its camelCase form.
    """
    first = exc.errors(include_url=False, include_input=False)[0]
    parts = ((names or {}).get(part) or to_camel(part) if isinstance(part, str) else str(part) for part in first["loc"])
    where = pointer + json_pointer.build(parts)
    reason = first["msg"].removeprefix("Value error, ")
    return DefinitionInvalid(f"{where or 'the definition'}: {reason}", details={"pointer": where, "reason": reason})


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the pydantic models in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def _refuse_inside(annotation: Any, item: Any, pointer: str) -> None:
    models = list(models_in(annotation))
    if len(models) != 1:
        return
    if isinstance(item, Mapping):
        refuse_unknown(models[0], item, pointer)
    elif isinstance(item, list | tuple):
        for index, part in enumerate(item):
            _refuse_inside(annotation, part, f"{pointer}/{index}")


def _refuse_key(pointer: str, key: str, known: list[str]) -> NoReturn:
    nearest = find_nearest(key, known)
    hint = suggest(nearest, otherwise=f"it has {', '.join(known)}")
    details = {"pointer": pointer, "reason": "is unknown", "nearest": nearest, "fields": known}
    raise DefinitionInvalid(f"{pointer}: {key!r} is unknown; {hint}", details=details)


def _refuse(pointer: str, reason: str) -> NoReturn:
    raise DefinitionInvalid(f"{pointer}: {reason}", details={"pointer": pointer, "reason": reason})


def _convert_nested(value: Any, convert: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return convert(value)
    if isinstance(value, list):
        return [_convert_nested(item, convert) for item in value]
    return value


def _snake(key: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key)
