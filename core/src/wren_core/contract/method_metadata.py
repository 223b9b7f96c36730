"""What `@method(...)` may be given, and what is wrong with it. Pure."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from wren_core.contract.spec import Effect, Simulate, UndoSpec
from wren_core.nearest import find_nearest, suggest


def find_fault(metadata: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the keywords of `@method`; None where nothing is."""
    for keyword, value in metadata.items():
        if keyword not in _CHECKS:
            nearest = find_nearest(keyword, _CHECKS)
            hint = suggest(nearest, otherwise=f"it takes {', '.join(_CHECKS)}")
            return f"@method has no keyword {keyword!r}; {hint}"
        cure = _CHECKS[keyword](value)
        if cure is not None:
            return f"@method({keyword}={value!r}): {cure}"
    return None


def find_form_fault(function: Callable[..., Any]) -> str | None:
    """Return why a function cannot be a method; None where it can."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "methods are plain functions, not coroutines or generators; write `def`, and use a client that blocks"
    if inspect.isgeneratorfunction(function):
        return "methods are plain functions, not coroutines or generators; return a list"
    first = next(iter(inspect.signature(function).parameters.values()), None)
    if first is None or (first.kind is not first.POSITIONAL_ONLY and first.annotation is not first.empty):
        return "the first parameter must be `self`"
    return None


def place_of(function: Callable[..., Any]) -> str:
    """Return where a function is written: `shop.py, line 12`."""
    code = inspect.unwrap(function).__code__
    return f"{Path(code.co_filename).name}, line {code.co_firstlineno}"


def _one_of(allowed: tuple[str, ...]) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if isinstance(value, str) and value in allowed:
            return None
        nearest = find_nearest(str(value), allowed)
        listed = f"{', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}"
        return f"it must be {listed}" + (f"; did you mean {nearest!r}?" if nearest else "")

    return check


def _check_flag(value: Any) -> str | None:
    return None if value is None or isinstance(value, bool) else "it must be True or False"


def _check_text(value: Any) -> str | None:
    return None if value is None or isinstance(value, str) else "it must be text"


def _check_scopes(value: Any) -> str | None:
    if isinstance(value, str):
        return f"it must be a list; write scopes={value.replace(',', ' ').split()!r}"
    if not isinstance(value, Iterable):
        return 'it must be a list of texts, such as scopes=["chat:write"]'
    for scope in value:
        if not isinstance(scope, str) or not scope or any(map(str.isspace, scope)):
            return f"{scope!r} is no scope; each is one text without spaces"
    return None


def _check_undo(value: Any) -> str | None:
    if value is None or isinstance(value, UndoSpec):
        return None
    return 'write undo=UndoSpec(method="remove", arguments={"item_id": "/output/id"})'


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "effect": _one_of(get_args(Effect)),
    "idempotent": _check_flag,
    "scopes": _check_scopes,
    "undo": _check_undo,
    "simulate": _one_of(get_args(Simulate)),
    "requires_approval": _check_flag,
    "example": _check_text,
    "name": _check_text,
}
