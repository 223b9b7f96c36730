"""Calls one function of a script with its event, and converts the result to JSON."""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from wren.script.event_parameter import FunctionParameter, find_event_parameter, list_unfilled
from wren_core.contract.events import parse_event
from wren_core.errors import AgentFixableError
from wren_core.nearest import find_nearest, suggest
from wren_core.protocol.nesting import MAX_NESTING, is_too_deep


def call_function(namespace: Mapping[str, Any], name: str, event: Mapping[str, Any]) -> Any:
    """Call the function `name`, with the event if it takes one; an async function runs to its end.

    Parameters with a default keep it, as `event_parameter` says.

    Raises:
        AgentFixableError: there is no such function, it needs other arguments, or the event is invalid.
        BaseException: any exception of the function.
    """
    function = find_function(namespace, name)
    taker = _find_taker(function, name)
    if taker is None:
        result = function()
    elif taker.is_positional:
        result = function(_event(event))
    else:
        result = function(**{taker.name: _event(event)})
    return _finish(result) if inspect.isawaitable(result) else result


def find_function(namespace: Mapping[str, Any], name: str) -> Callable[..., Any]:
    """Return a function of the script by name; if it is missing, the error names the nearest."""
    found: Callable[..., Any] | None = namespace.get(name)
    if callable(found) and not inspect.isclass(found):
        return found
    functions = [key for key, value in namespace.items() if inspect.isfunction(value)]
    hint = suggest(find_nearest(name, functions), otherwise=f"it has {', '.join(functions) or 'none'}")
    raise AgentFixableError(
        f"the script has no function {name!r}; {hint}", code="FUNCTION_UNDEFINED", details={"functions": functions}
    )


@dataclass(frozen=True, kw_only=True)
class _Taker:
    name: str
    is_positional: bool


def _find_taker(function: Callable[..., Any], name: str) -> _Taker | None:
    """Return the parameter that takes the event.

    Raises:
        AgentFixableError: the function needs more than an event.
    """
    known = [item for item in inspect.signature(function).parameters.values() if item.kind is not item.VAR_KEYWORD]
    parameters = [_read_parameter(item) for item in known]
    unfilled = list_unfilled(parameters)
    if unfilled:
        raise AgentFixableError(
            f"{name}() needs {', '.join(unfilled)}; a triggered function takes the event and nothing else; "
            "give the other parameters defaults",
            code="FUNCTION_SIGNATURE",
        )
    taker = find_event_parameter(parameters)
    if taker is None:
        return None
    is_first = taker.name == known[0].name and not taker.is_keyword_only
    return _Taker(name=taker.name, is_positional=is_first)


def _read_parameter(item: inspect.Parameter) -> FunctionParameter:
    annotation = item.annotation
    text = "" if annotation is item.empty else annotation if isinstance(annotation, str) else None
    return FunctionParameter(
        name=item.name,
        has_default=item.default is not item.empty,
        is_keyword_only=item.kind is item.KEYWORD_ONLY,
        is_variadic=item.kind is item.VAR_POSITIONAL,
        annotation=inspect.formatannotation(annotation) if text is None else text,
    )


def to_json_value(value: Any, name: str) -> Any:
    """Return the JSON form of a function's result; records, dates and sets have one.

    Raises:
        AgentFixableError: it has none, or is nested too deep for readers of JSON.
    """
    _check_depth(value, name)
    try:
        plain = to_jsonable_python(value, by_alias=True)
        json.dumps(plain, allow_nan=False)
    except (PydanticSerializationError, ValueError, TypeError, RecursionError) as exc:
        raise AgentFixableError(
            f"{name}() returned a {type(value).__name__} that has no JSON form: {exc}; "
            "return text, numbers, lists and dicts, or None",
            code="RESULT_NOT_JSON",
        ) from exc
    _check_depth(plain, name)
    return plain


def _check_depth(value: Any, name: str) -> None:
    if is_too_deep(value):
        raise AgentFixableError(
            f"{name}() returned a {type(value).__name__} that has no JSON form: it is nested more than {MAX_NESTING} "
            "levels deep, or contains itself; return flatter lists and dicts, or text such as json.dumps(value)",
            code="RESULT_NOT_JSON",
        )


def _event(event: Mapping[str, Any]) -> Any:
    try:
        return parse_event(event)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "event"
        raise AgentFixableError(f"the event is not valid: {place}: {first['msg']}", code="EVENT_INVALID") from exc


def _finish(result: Awaitable[Any]) -> Any:
    import asyncio  # here: it takes 10 ms to import, and most scripts are not async

    async def finish() -> Any:
        return await result

    return asyncio.run(finish())
