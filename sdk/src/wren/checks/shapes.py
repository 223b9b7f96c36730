"""What a value of a known type has: attributes, elements and items. Types are Python's annotations, or JSON Schemas.

Whatever is not certain is `None`: a check rather misses an error than reports a false one.
"""

import dataclasses
import datetime
import types
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime, BaseModel

from wren.checks.json_shapes import JsonShape
from wren_core.contract.methods import Method
from wren_core.declarative.answer import Result

Shape: TypeAlias = Any
"""An annotation such as `list[Email]`, or a `JsonShape`."""
_PLAIN = (
    *(str, int, float, bool, bytes, list, tuple, dict, set, frozenset),
    *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta),
)


_GENERIC_LOOKUPS = (None, getattr(BaseModel, "__getattr__", None))
"""A class with another `__getattr__` decides what it has."""


class Missing:
    """The value certainly has no such attribute or item."""


MISSING = Missing()


def list_of(element: Shape) -> Shape:
    """Return the type of a list of these elements."""
    return types.GenericAlias(list, (element,))


def tuple_of(*parts: Shape) -> Shape:
    """Return the type of a tuple of these parts."""
    return types.GenericAlias(tuple, parts)


def list_alternatives(shape: Shape) -> list[Shape]:
    """Return the types a value may have, without None and annotations."""
    origin: Any = get_origin(shape)
    if origin is Annotated:
        return list_alternatives(get_args(shape)[0])
    if origin in (Union, types.UnionType):
        return [found for item in get_args(shape) if item is not type(None) for found in list_alternatives(item)]
    if origin is Literal:
        return list(dict.fromkeys(type(item) for item in get_args(shape) if item is not None))
    if isinstance(shape, JsonShape):
        return shape.alternatives()
    return [datetime.datetime] if shape is AwareDatetime else [] if shape is type(None) else [shape]


def find_attribute(shape: Shape, name: str) -> Shape | Missing | None:
    """Return the type of an attribute, MISSING where no alternative has it, None where it is not known."""
    return _agree([_find_own_attribute(item, name) for item in list_alternatives(shape)])


def find_item(shape: Shape, key: Any) -> Shape | Missing | None:
    """Return the type of `value[key]`; `key` is None where only the run knows it."""
    return _agree([_find_own_item(item, key) for item in list_alternatives(shape)])


def find_element(shape: Shape) -> Shape | None:
    """Return the type of what a loop over a value yields."""
    found = _agree([_find_own_element(item) for item in list_alternatives(shape)])
    return None if found is MISSING else found


def is_class(shape: Shape, *classes: type) -> bool:
    """Tell whether all alternatives are of one of these classes."""
    found = [_class_of(item) for item in list_alternatives(shape)]
    return bool(found) and all(item is not None and issubclass(item, classes) for item in found)


def list_attributes(shape: Shape) -> list[str]:
    """Return the fields of records, and of what is in a list of records, for hints."""
    found: list[str] = []
    for item in list_alternatives(shape):
        owner = _class_of(item)
        found += list(owner.model_fields) if owner is not None and issubclass(owner, BaseModel) else []
    return list(dict.fromkeys(found))


def describe_shape(shape: Shape) -> str:
    """Return a type in words for messages: `Email`, `list of Email`."""
    words = []
    for item in list_alternatives(shape):
        owner, element = _class_of(item), find_element(item)
        name = "object" if owner is Result else owner.__name__ if owner else "value"
        inner = f" of {describe_shape(element)}" if owner in (list, set, frozenset) and element is not None else ""
        words.append(name + inner)
    return " or ".join(dict.fromkeys(words)) or "value"


def _agree(found: list[Shape | Missing | None]) -> Shape | Missing | None:
    real = [item for item in found if item is not MISSING]
    if not found or any(item is None for item in real):
        return None
    if not real:
        return MISSING
    if all(item == real[0] for item in real):
        return real[0]
    return Union[tuple(real)] if _are_types(real) else None  # noqa: UP007 - made from a list


def _are_types(shapes: list[Shape]) -> bool:
    return not any(isinstance(item, JsonShape) for item in shapes)


def _class_of(shape: Shape) -> type | None:
    if isinstance(shape, JsonShape):
        return shape.python_class
    origin = get_origin(shape) or shape
    return origin if isinstance(origin, type) else None


def _find_own_attribute(shape: Shape, name: str) -> Shape | Missing | None:
    owner = _class_of(shape)
    if owner is None:
        return None
    if owner is Result:
        return _find_member(shape, name)
    if issubclass(owner, BaseModel):
        return _find_model_attribute(owner, name)
    if owner in _PLAIN or dataclasses.is_dataclass(owner):
        return _find_class_attribute(owner, name)
    return None


def _find_member(shape: JsonShape, name: str) -> Shape | Missing | None:
    """Find an attribute of a JSON object: a method of `dict`, or a member."""
    if hasattr(Result, name) or shape.declares(name) or not shape.is_closed:
        return None if hasattr(Result, name) else shape.item(name)
    return MISSING


def _find_model_attribute(owner: type[BaseModel], name: str) -> Shape | Missing | None:
    if name in owner.model_fields:
        return owner.model_fields[name].annotation
    return None if owner.model_config.get("extra") == "allow" else _find_class_attribute(owner, name)


def _find_class_attribute(owner: type, name: str) -> Shape | Missing | None:
    if name in getattr(owner, "__dataclass_fields__", {}):
        return _read_hints(owner).get(name)
    if not hasattr(owner, name):
        return MISSING if getattr(owner, "__getattr__", None) in _GENERIC_LOOKUPS else None
    found = getattr(owner, name)
    if isinstance(found, property | cached_property):
        function = found.fget if isinstance(found, property) else found.func
        return _read_hints(function).get("return")
    return None


def _read_hints(owner: Any) -> dict[str, Any]:
    try:
        return get_type_hints(owner, include_extras=True)
    except (NameError, TypeError):
        return {}


def _find_own_item(shape: Shape, key: Any) -> Shape | Missing | None:
    owner, arguments = _class_of(shape), get_args(shape)
    if isinstance(shape, JsonShape):
        return shape.item(key)
    if owner is None:
        return None
    if issubclass(owner, BaseModel) and not hasattr(owner, "__getitem__"):
        return MISSING
    if owner is list:
        return MISSING if isinstance(key, str) else arguments[0] if arguments else None
    if owner is tuple:
        return MISSING if isinstance(key, str) else _find_tuple_item(arguments, key)
    if owner is str:
        return MISSING if isinstance(key, str) else str
    return arguments[1] if owner is dict and len(arguments) == 2 else None


def _find_tuple_item(arguments: tuple[Any, ...], key: Any) -> Shape | None:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return arguments[0]
    return arguments[key] if isinstance(key, int) and -len(arguments) <= key < len(arguments) else None


def _find_own_element(shape: Shape) -> Shape | None:
    owner, arguments = _class_of(shape), get_args(shape)
    if isinstance(shape, JsonShape):
        return shape.element()
    if owner is None:
        return None
    if issubclass(owner, BaseModel):
        return tuple[str, Any]
    if owner is tuple:
        return arguments[0] if len(arguments) == 2 and arguments[1] is Ellipsis else None
    if owner is str:
        return str
    return arguments[0] if owner in (list, set, frozenset, dict) and arguments else None


def read_return_shape(method: Method) -> Shape | None:
    """Return the type of what a method of an integration returns."""
    spec = method.spec
    hint = _read_hints(method.function).get("return")
    if hint is None or hint is Any or _is_never(hint):
        schema = spec.output_schema
        return JsonShape(schema, schema.get("$defs", {})) if isinstance(schema, Mapping) else None
    return hint


def _is_never(hint: Any) -> bool:
    return getattr(hint, "__name__", "") in ("NoReturn", "Never")
