"""The only way to call a method: validate the arguments, call, validate the result.

A 401 is handled here too: the host is asked once for a fresh credential, and the method is called once more. That is
safe because `AuthFailed` means that nothing was done; a method that had written before is not repeated. Where a method
calls another one, only the inner call is repeated: the earlier work of the outer one must not be done twice.

A failure after which the provider may have done what was asked says so: see `doubt`.

An error about a plugin names the line and the type of its exception; the chained exception has the text, for the log.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from io import IOBase
from typing import Any, Protocol

import pydantic_core
from pydantic import ValidationError

from wren_core import json_pointer
from wren_core.contract.credentials import Credentials
from wren_core.contract.doubt import settle_doubt
from wren_core.contract.methods import Method
from wren_core.contract.plugin_line import last_line
from wren_core.contract.result_fault import describe_result_fault
from wren_core.contract.secret_forms import forms
from wren_core.errors import (
    AuthFailed,
    InternalError,
    InvalidInput,
    MethodUnknown,
    OutputInvalid,
    TransientError,
    WrenError,
)
from wren_core.http_status import verdict_for_exception
from wren_core.nearest import find_nearest, suggest
from wren_core.protocol.calls import CallRecord
from wren_core.schemas.validator import Problem, first_line
from wren_core.writes import WriteWatch, watch_writes


class Target(Protocol):
    """The part of an integration that `call` uses."""

    @property
    def name(self) -> str:
        """Name of the integration, for errors."""
        ...

    @property
    def account_alias(self) -> str | None:
        """Alias of the connection it uses, where it is known."""
        ...

    @property
    def on_call(self) -> Callable[[CallRecord], None] | None:
        """Receives a record of every call."""
        ...

    @property
    def credentials(self) -> Credentials:
        """The current credentials."""
        ...

    @classmethod
    def methods(cls) -> Mapping[str, Method]:
        """Return the methods by id."""
        ...

    def renew(self, refused: Credentials | None = None) -> bool:
        """Get fresh credentials in place of the refused ones; tell whether there are any."""
        ...


def call(integration: Target, method_id: str, arguments: Mapping[str, Any]) -> Any:
    """Call a method with named arguments, JSON values or Python objects, and return its Python result.

    Raises:
        MethodUnknown: with the nearest method.
        InvalidInput: with pointer, expected, got and the nearest valid name.
        OutputInvalid: the plugin broke its own output schema.
        WrenError: the verdict for an exception of the method.
    """
    started = time.perf_counter()
    outcome = "INTERNAL"
    try:
        method = find_method(integration, method_id)
        values = checked_arguments(method, arguments)
        result = _perform(integration, method, values)
        _check_result(integration, method, result)
        outcome = "ok"
        return result
    except WrenError as exc:
        outcome = exc.code
        make_presentable(exc, integration.credentials)
        raise
    finally:
        if integration.on_call is not None:
            record = CallRecord(
                integration=integration.name,
                account=integration.account_alias,
                method=method_id,
                ms=round((time.perf_counter() - started) * 1000, 3),
                outcome=outcome,
            )
            integration.on_call(record)


def to_json(integration: Target, method_id: str, value: Any) -> Any:
    """Return the JSON form of a method's result."""
    return find_method(integration, method_id).to_json(value)


def find_method(integration: Target, method_id: str) -> Method:
    """Return a method by id.

    Raises:
        MethodUnknown: with the nearest method and all of them.
    """
    methods = integration.methods()
    if method_id in methods:
        return methods[method_id]
    nearest = find_nearest(method_id, methods)
    hint = suggest(nearest, otherwise=f"it has {', '.join(methods) or 'none'}")
    raise MethodUnknown(
        f"{integration.name} has no method {method_id!r}; {hint}",
        details={"methods": list(methods), "nearest": nearest},
    )


def checked_arguments(method: Method, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call as Python values, with defaults.

    Raises:
        InvalidInput: with pointer, expected, got and the nearest valid name.
    """
    try:
        given = {name: _read_iterators(value) for name, value in arguments.items()}
        as_json = pydantic_core.to_jsonable_python(given, by_alias=True, bytes_mode="base64")
        pydantic_core.to_json(as_json)  # finds what only serialization refuses, such as half a surrogate pair
    except Exception as exc:  # the serializers of an argument's own class may raise anything
        raise InvalidInput(
            f"{method.id}: an argument has no JSON form: {_format_value(first_line(exc))}",
            details={"method": method.id, "pointer": "", "expected": "JSON values", "nearest": None},
        ) from exc
    problems = method.input_validator.problems(as_json)
    if problems:
        raise _invalid_input(method, problems)
    try:
        return method.read_arguments(given, as_json)
    except ValidationError as exc:
        raise _invalid_values(method, exc) from exc


def error_of(exc: BaseException, where: str) -> WrenError:
    """Return the error for an exception of a plugin: the same one, a verdict, or PLUGIN_RAISED."""
    verdict = verdict_for_exception(exc)
    if verdict is not None:
        return verdict
    place = f" ({line})" if (line := last_line(exc)) else ""
    return InternalError(f"{where} failed inside the plugin: {type(exc).__name__}{place}", code="PLUGIN_RAISED")


def make_presentable(error: WrenError, credentials: Credentials) -> None:
    """Hide credentials, and replace details that have no JSON form, so that a host can store the error."""
    try:
        error.details = pydantic_core.to_jsonable_python(
            error.details, fallback=repr, bytes_mode="base64", inf_nan_mode="null"
        )
    except ValueError:  # a cycle
        error.details = {}
    found = {text for value in credentials.secrets for _, text in forms(value)}
    error.hide(sorted(found, key=len, reverse=True))  # longest first: hiding a part of a form would leave its rest


def _read_iterators(value: Any) -> Any:
    """Read each iterator into a list, since a call reads its arguments more than once."""
    if isinstance(value, IOBase):
        raise TypeError("an open file; pass its path or its content")
    if isinstance(value, Iterator):
        return [_read_iterators(item) for item in value]
    if type(value) is dict:
        return {key: _read_iterators(item) for key, item in value.items()}
    return [_read_iterators(item) for item in value] if type(value) is list else value


def _perform(integration: Target, method: Method, values: Mapping[str, Any]) -> Any:
    used = integration.credentials
    try:
        return _verdict_or_result(integration, method, values)
    except AuthFailed as exc:
        if exc.renewed:
            raise
        refusal = exc
    try:
        if integration.renew(used):
            return _verdict_or_result(integration, method, values)
    except AuthFailed as exc:
        exc.renewed = True
        raise
    refusal.renewed = True
    raise refusal


def _verdict_or_result(integration: Target, method: Method, values: Mapping[str, Any]) -> Any:
    with watch_writes() as watch:
        try:
            result = method.function(integration, **values)
        except WrenError as exc:
            _settle_doubt(exc, method, watch)
            raise
        except (Exception, SystemExit) as exc:  # the boundary at which a broken plugin stops
            error = error_of(exc, f"{integration.name}.{method.id}")
            _settle_doubt(error, method, watch)
            raise error from exc
        watch.has_written = watch.has_written or (method.spec.effect != "read" and not method.spec.idempotent)
    return result


def _settle_doubt(error: WrenError, method: Method, watch: WriteWatch) -> None:
    """Let the error say what may have been done, for the caller of the method and for a method around it."""
    spec = method.spec
    if settle_doubt(error, spec, has_written=watch.has_written):
        watch.has_written = watch.has_written or spec.effect != "read"
    elif isinstance(error, AuthFailed):
        error.renewed = error.renewed or (watch.has_written and not spec.idempotent)
    elif isinstance(error, TransientError) and spec.effect == "read":
        error.nothing_done = True


def _check_result(integration: Target, method: Method, result: Any) -> None:
    where = f"{integration.name}.{method.id}"
    details = {"integration": integration.name, "method": method.id}
    try:
        as_json = method.to_json(result)
    except Exception as exc:  # the serializers of a record's own class may raise anything
        message = f"{where} {describe_result_fault(method, result, exc)}"
        raise _output_invalid(method, message, details) from exc
    problems = method.output_validator.problems(as_json)
    if problems:
        first = problems[0]
        got = type(first.got).__name__
        message = f"{where} broke its output schema at {first.pointer or '/'}: expected {first.expected}, got {got}"
        raise _output_invalid(method, message, {**details, "pointer": first.pointer})


def _output_invalid(method: Method, message: str, details: Mapping[str, Any]) -> OutputInvalid:
    """Return the error for a result that comes after the work was done."""
    error = OutputInvalid(message, details=details)
    settle_doubt(error, method.spec, has_written=True)
    return error


def _invalid_input(method: Method, problems: list[Problem]) -> InvalidInput:
    first = problems[0]
    hint = f"; did you mean {first.nearest!r}?" if first.nearest else ""
    return InvalidInput(
        f"{method.id}: {first.pointer or 'arguments'}: {first.message}{hint}",
        details={
            "method": method.id,
            "pointer": first.pointer,
            "expected": first.expected,
            "got": _format_value(first.got),
            "nearest": first.nearest,
            "problems": [f"{problem.pointer}: {problem.message}" for problem in problems[:10]],
        },
    )


def _invalid_values(method: Method, exc: ValidationError) -> InvalidInput:
    first = exc.errors(include_url=False)[0]
    pointer = json_pointer.build(first["loc"])
    return InvalidInput(
        f"{method.id}: {pointer}: {first['msg']}",
        details={
            "method": method.id,
            "pointer": pointer,
            "expected": first["msg"],
            "got": _format_value(first["input"]),
            "nearest": None,
        },
    )


def _format_value(value: Any, limit: int = 200) -> str:
    text = repr(value[:limit] if isinstance(value, str | bytes) else value)
    return text if len(text) <= limit else text[:limit] + "..."
