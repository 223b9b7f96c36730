"""The one way a method is called: validate the arguments, call, validate the result.

A 401 is handled here too: the host is asked once for a fresh credential, and the method is called once more. That is
right because `AuthFailed` means that nothing was done.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from wren_core.errors import AuthFailed, InternalError, InvalidInput, MethodUnknown, OutputInvalid, WrenError
from wren_core.http_status import verdict_for_exception
from wren_core.method import Method
from wren_core.schema import Problem


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """One call, as a run's page shows it."""

    integration: str
    method: str
    ms: float
    """Wall time in milliseconds, validation included."""
    outcome: str
    """`ok`, or the code of the error."""


class Target(Protocol):
    """What `call` needs of an integration."""

    @property
    def name(self) -> str: ...
    @property
    def on_call(self) -> Callable[[CallRecord], None] | None: ...
    @classmethod
    def methods(cls) -> Mapping[str, Method]: ...
    def renew(self) -> bool: ...


def call(integration: Target, method_id: str, arguments: Mapping[str, Any]) -> Any:
    """Call a method with named arguments, JSON values or Python objects, and return its Python result.

    Raises:
        MethodUnknown: with the nearest method.
        InvalidInput: with pointer, expected, got and the nearest valid name.
        OutputInvalid: the plugin broke its own output schema.
        WrenError: the verdict for whatever the method raised.
    """
    started = time.perf_counter()
    outcome = "INTERNAL"
    try:
        method = find_method(integration, method_id)
        values = _checked_arguments(method, arguments)
        result = _perform(integration, method, values)
        _checked_result(integration, method, result)
        outcome = "ok"
        return result
    except WrenError as exc:
        outcome = exc.code
        raise
    finally:
        if integration.on_call is not None:
            ms = round((time.perf_counter() - started) * 1000, 3)
            integration.on_call(CallRecord(integration=integration.name, method=method_id, ms=ms, outcome=outcome))


def to_json(integration: Target, method_id: str, value: Any) -> Any:
    """Return the JSON form of a method's result."""
    return find_method(integration, method_id).output_adapter.dump_python(value, mode="json", by_alias=True)


def find_method(integration: Target, method_id: str) -> Method:
    """Return a method by id.

    Raises:
        MethodUnknown: with the nearest method and all of them.
    """
    methods = integration.methods()
    if method_id in methods:
        return methods[method_id]
    nearest = get_close_matches(method_id, methods, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"it has {', '.join(methods) or 'none'}"
    raise MethodUnknown(
        f"{integration.name} has no method {method_id!r}; {hint}",
        details={"methods": list(methods), "nearest": nearest[0] if nearest else None},
    )


def _checked_arguments(method: Method, arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        as_json = to_jsonable_python(dict(arguments), by_alias=True, bytes_mode="base64")
    except (PydanticSerializationError, ValueError, RecursionError) as exc:
        raise InvalidInput(f"{method.id}: an argument has no JSON form: {exc}") from exc
    problems = method.input_validator.problems(as_json)
    if problems:
        raise _invalid_input(method, problems)
    try:
        model = method.input_model.model_validate(dict(arguments))
    except ValidationError as exc:
        raise _invalid_values(method, exc) from exc
    return {name: getattr(model, name) for name in type(model).model_fields}


def _perform(integration: Target, method: Method, values: Mapping[str, Any]) -> Any:
    try:
        return _verdict_or_result(integration, method, values)
    except AuthFailed:
        if not integration.renew():
            raise
    return _verdict_or_result(integration, method, values)


def _verdict_or_result(integration: Target, method: Method, values: Mapping[str, Any]) -> Any:
    try:
        return method.function(integration, **values)
    except WrenError:
        raise
    except Exception as exc:
        verdict = verdict_for_exception(exc)
        if verdict is not None:
            raise verdict from exc
        raise InternalError(
            f"{integration.name}.{method.id} failed inside the plugin: {type(exc).__name__}: {exc}",
            code="PLUGIN_RAISED",
        ) from exc


def _checked_result(integration: Target, method: Method, result: Any) -> None:
    try:
        as_json = method.output_adapter.dump_python(result, mode="json", by_alias=True, warnings="error")
    except (PydanticSerializationError, ValueError) as exc:
        raise OutputInvalid(f"{integration.name}.{method.id} returned what has no JSON form: {exc}") from exc
    problems = method.output_validator.problems(as_json)
    if problems:
        first = problems[0]
        raise OutputInvalid(
            f"{integration.name}.{method.id} broke its output schema at {first.pointer or '/'}: {first.message}",
            details={"integration": integration.name, "method": method.id, "pointer": first.pointer},
        )


def _invalid_input(method: Method, problems: list[Problem]) -> InvalidInput:
    first = problems[0]
    known = list(method.spec.input_schema.get("properties", {}))
    unknown = _unknown_keys(first, known)
    nearest = get_close_matches(unknown[0], known, n=1) if unknown else []
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return InvalidInput(
        f"{method.id}: {first.pointer or 'arguments'}: {first.message}{hint}",
        details={
            "method": method.id,
            "pointer": first.pointer,
            "expected": first.expected,
            "got": repr(first.got)[:200],
            "nearest": nearest[0] if nearest else None,
            "problems": [f"{problem.pointer}: {problem.message}" for problem in problems[:10]],
        },
    )


def _unknown_keys(problem: Problem, known: list[str]) -> list[str]:
    if not problem.expected.startswith("additionalProperties") or not isinstance(problem.got, Mapping):
        return []
    return [str(key) for key in problem.got if key not in known]


def _invalid_values(method: Method, exc: ValidationError) -> InvalidInput:
    first = exc.errors(include_url=False)[0]
    pointer = "".join(f"/{part}" for part in first["loc"])
    return InvalidInput(
        f"{method.id}: {pointer or 'arguments'}: {first['msg']}",
        details={"method": method.id, "pointer": pointer, "expected": first["type"], "got": repr(first["input"])[:200]},
    )
