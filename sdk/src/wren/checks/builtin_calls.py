"""The types of what Python's own functions and methods return, as far as a check needs them."""

from collections.abc import Sequence
from typing import Any

from wren.checks.shapes import Missing, Shape, find_element, is_class, list_alternatives, list_of, tuple_of

_LISTS = frozenset({"sorted", "list", "tuple", "set", "reversed", "iter"})
_ELEMENTS = frozenset({"min", "max", "next"})
_OF_TEXT = {
    **dict.fromkeys(("lower", "upper", "strip", "lstrip", "rstrip", "title", "replace", "format", "capitalize"), str),
    **dict.fromkeys(("split", "splitlines", "rsplit"), list[str]),
    **dict.fromkeys(("removeprefix", "removesuffix", "casefold", "join"), str),
    "encode": bytes,
}


def find_builtin_result(name: str, given: Sequence[Shape | None]) -> Shape | None:
    """Return what a builtin function returns for arguments of these types, None where it is not known."""
    if name in ("enumerate", "zip"):
        return _find_paired(name, given)
    if name == "filter" and len(given) == 2 and given[1] is not None:
        element = find_element(given[1])
        return None if element is None else list_of(element)
    if len(given) != 1 or given[0] is None:
        return None
    element = find_element(given[0])
    if element is None:
        return None
    if name in _LISTS:
        return list_of(element)
    return element if name in _ELEMENTS else None


def find_method_result(shape: Shape, name: str) -> Shape | Missing | None:
    """Return what a method of a builtin value returns, None where it is not known."""
    if is_class(shape, str):
        return _OF_TEXT.get(name)
    if is_class(shape, list):
        return shape if name == "copy" else find_element(shape) if name == "pop" else None
    if is_class(shape, dict):
        return _find_dict_result(list_alternatives(shape), name)
    return None


def _find_paired(name: str, given: Sequence[Shape | None]) -> Shape | None:
    elements = [None if item is None else find_element(item) for item in given]
    known: list[Any] = [Any if item is None else item for item in elements]
    if not known:
        return None
    return list_of(tuple_of(int, known[0]) if name == "enumerate" else tuple_of(*known))


def _find_dict_result(alternatives: Sequence[Shape], name: str) -> Shape | None:
    if len(alternatives) != 1:
        return None
    arguments: tuple[Any, ...] = getattr(alternatives[0], "__args__", ())
    if len(arguments) != 2:
        return None
    key, value = arguments
    rows = {"items": list_of(tuple_of(key, value)), "values": list_of(value), "keys": list_of(key)}
    return value if name in ("get", "pop") else rows.get(name)
