"""Calls one function of a script with its event, and converts the result to JSON."""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from wren_core.contract.events import parse_event
from wren_core.errors import AgentFixableError
from wren_core.nearest import find_nearest, suggest

_POSITIONAL = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)


def call_function(namespace: Mapping[str, Any], name: str, event: Mapping[str, Any]) -> Any:
    """Call the function `name`, with the event if it takes one; an async function runs to its end.

    Raises:
        AgentFixableError: there is no such function, it needs other arguments, or the event is invalid.
        BaseException: any exception of the function.
    """
    function = find_function(namespace, name)
    result = function(_event(event)) if takes_event(function, name) else function()
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


def takes_event(function: Callable[..., Any], name: str) -> bool:
    """Tell whether a function takes the event; it may have no other parameter without a default.

    Raises:
        AgentFixableError: it needs more than an event.
    """
    parameters = inspect.signature(function).parameters.values()
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    required = [p for p in parameters if p.default is p.empty and p.kind not in optional]
    if len(required) > 1 or any(p.kind is p.KEYWORD_ONLY for p in required):
        needed = ", ".join(p.name for p in required)
        raise AgentFixableError(
            f"{name}() needs {needed}; a triggered function takes the event and nothing else", code="FUNCTION_SIGNATURE"
        )
    return any(p.kind in _POSITIONAL for p in parameters)


def to_json_value(value: Any, name: str) -> Any:
    """Return the JSON form of a function's result; records, dates and sets have one.

    Raises:
        AgentFixableError: it has none.
    """
    try:
        plain = to_jsonable_python(value, by_alias=True)
        json.dumps(plain, allow_nan=False)
    except (PydanticSerializationError, ValueError, TypeError, RecursionError) as exc:
        raise AgentFixableError(
            f"{name}() returned a {type(value).__name__} that has no JSON form: {exc}; "
            "return text, numbers, lists and dicts, or None",
            code="RESULT_NOT_JSON",
        ) from exc
    return plain


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
