"""Read the call in a method's example, and find arguments for it.

An example is for readers: `chat.reply(posted.ts, "Fixed")`. The fake gives values for the names in it. A name without
a value gets a sample that fits the schema, which is enough to test how the method fails.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wren_core.contract.integration import Integration
from wren_core.contract.spec import MethodSpec
from wren_core.errors import InvalidInput
from wren_core.schemas.sample import sample


@dataclass(frozen=True, kw_only=True)
class ExampleArguments:
    """The arguments of one example."""

    values: Mapping[str, Any]
    """Argument name to value."""
    unknown: tuple[str, ...] = ()
    """Expressions of the example without a known value; `values` has samples in their place."""


def find_call(integration: type[Integration], method: MethodSpec) -> ast.Call | None:
    """Find the call of the method in its example.

    Raises:
        SyntaxError: the example is not Python.
    """
    wanted = f"{integration.spec.name}.{method.id}"
    calls = [node for node in ast.walk(ast.parse(method.example or "")) if isinstance(node, ast.Call)]
    return next((node for node in calls if ast.unparse(node.func) == wanted), None)


def example_arguments(
    integration: type[Integration], method: MethodSpec, known: Mapping[str, Any]
) -> ExampleArguments | None:
    """Return the arguments of a method's example; None where it cannot be called.

    Args:
        integration: the class of the method.
        method: the method.
        known: source of an expression in the example -> its value.
    """
    try:
        call = find_call(integration, method)
        if call is None:
            return None
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        nodes: dict[str, ast.expr] = integration.methods()[method.id].bind(tuple(call.args), keywords)
    except (SyntaxError, InvalidInput):
        return None
    known_values = {_normalize(source): value for source, value in known.items()}
    values: dict[str, Any] = {}
    unknown: list[str] = []
    for name, node in nodes.items():
        unknown_parts = list(_unknown_in(node, known_values))
        unknown += unknown_parts
        values[name] = sample(method.input_schema, name) if unknown_parts else _value(node, known_values)
    return ExampleArguments(values=values, unknown=tuple(dict.fromkeys(unknown)))


def files_in_example(method: MethodSpec, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files that the arguments of an example name; they must exist before the call."""
    for name, value in values.items():
        says_path = "path" in str(method.input_schema["properties"][name]) or name in ("path", "file", "files")
        for item in value if isinstance(value, list | tuple) else (value,):
            if says_path and isinstance(item, str) and "." in item.strip("."):
                yield item


def _unknown_in(node: ast.expr, known_values: Mapping[str, Any]) -> Iterator[str]:
    if ast.unparse(node) in known_values or _is_literal(node):
        return
    if isinstance(node, ast.List | ast.Tuple):
        for item in node.elts:
            yield from _unknown_in(item, known_values)
    else:
        yield ast.unparse(node)


def _value(node: ast.expr, known_values: Mapping[str, Any]) -> Any:
    source = ast.unparse(node)
    if source in known_values:
        return known_values[source]
    if isinstance(node, ast.List | ast.Tuple) and not _is_literal(node):
        return [_value(item, known_values) for item in node.elts]
    return ast.literal_eval(node)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _normalize(source: str) -> str:
    try:
        return ast.unparse(ast.parse(source, mode="eval"))
    except SyntaxError:
        return source
