"""The call in a method's example, and arguments to try it with.

An example is written for readers, `chat.reply(posted.ts, "Fixed")`: what its names stand for is known to the fake.
Where nobody knows, something that fits the schema will do to see how a method fails.
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
    """What a method is tried with."""

    values: Mapping[str, Any]
    """Argument name to value."""
    unknown: tuple[str, ...] = ()
    """Expressions of the example that nobody gave a value; `values` has samples in their place."""


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
        known: what the example's expressions stand for, by their source.
    """
    try:
        call = find_call(integration, method)
        if call is None:
            return None
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        nodes: dict[str, ast.expr] = integration.methods()[method.id].bind(tuple(call.args), keywords)
    except (SyntaxError, InvalidInput):
        return None
    meanings = {_normal(source): value for source, value in known.items()}
    values: dict[str, Any] = {}
    unknown: list[str] = []
    for name, node in nodes.items():
        strange = list(_unknown_in(node, meanings))
        unknown += strange
        values[name] = sample(method.input_schema, name) if strange else _value(node, meanings)
    return ExampleArguments(values=values, unknown=tuple(dict.fromkeys(unknown)))


def named_files(method: MethodSpec, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files the arguments of an example name; whoever tries it must bring them."""
    for name, value in values.items():
        says_path = "path" in str(method.input_schema["properties"][name]) or name in ("path", "file", "files")
        for item in value if isinstance(value, list | tuple) else (value,):
            if says_path and isinstance(item, str) and "." in item.strip("."):
                yield item


def _unknown_in(node: ast.expr, meanings: Mapping[str, Any]) -> Iterator[str]:
    if ast.unparse(node) in meanings or _is_literal(node):
        return
    if isinstance(node, ast.List | ast.Tuple):
        for item in node.elts:
            yield from _unknown_in(item, meanings)
    else:
        yield ast.unparse(node)


def _value(node: ast.expr, meanings: Mapping[str, Any]) -> Any:
    source = ast.unparse(node)
    if source in meanings:
        return meanings[source]
    if isinstance(node, ast.List | ast.Tuple) and not _is_literal(node):
        return [_value(item, meanings) for item in node.elts]
    return ast.literal_eval(node)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _normal(source: str) -> str:
    try:
        return ast.unparse(ast.parse(source, mode="eval"))
    except SyntaxError:
        return source
