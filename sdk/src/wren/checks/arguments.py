"""Checks the arguments of one call against the method's signature and schema."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wren.checks.finding import Code
from wren.checks.literals import explain_misfit, read_literal
from wren.checks.readable import explain_unreadable
from wren.checks.source import Source
from wren_core.contract.integration import Integration
from wren_core.contract.methods import Method
from wren_core.nearest import find_nearest, suggest
from wren_core.protocol.findings import ScriptFinding


@dataclass(kw_only=True)
class _Binding:
    """The expression of each parameter, and the arguments without a parameter."""

    given: dict[str, ast.expr] = field(default_factory=dict)
    surplus: list[ast.expr] = field(default_factory=list)
    doubled: list[ast.keyword] = field(default_factory=list)
    unknown: list[ast.keyword] = field(default_factory=list)
    is_open: bool = False
    """`*args` or `**kwargs` may hold further arguments."""


def check_arguments(
    source: Source, integration: type[Integration], method: Method, call: ast.Call
) -> Iterator[ScriptFinding]:
    """Yield unknown, duplicate, surplus, missing and invalid arguments of a method call."""
    parameters = method.signature.parameters
    bound = _bind(call, parameters)
    name = f"{integration.spec.name}.{method.id}"
    takes = f"it takes {', '.join(parameters) or 'no arguments'}"
    nearest = {keyword.arg: find_nearest(keyword.arg or "", parameters) for keyword in bound.unknown}
    for keyword in bound.unknown:
        hint = suggest(nearest[keyword.arg], otherwise=takes)
        yield source.finding(Code.ARGUMENT_UNKNOWN, f"{name} has no argument {keyword.arg!r}", keyword, hint=hint)
    for keyword in bound.doubled:
        yield source.finding(Code.ARGUMENT_INVALID, f"{name}: argument {keyword.arg!r} is given twice", keyword)
    for node in bound.surplus[:1]:
        yield source.finding(Code.ARGUMENT_UNKNOWN, f"{name}: too many positional arguments", node, hint=takes)
    required = [item.name for item in parameters.values() if item.default is item.empty]
    supplied = {*bound.given, *nearest.values()}
    missing = [item for item in required if item not in supplied]
    if missing and not bound.is_open:
        text = f"{name} needs {', '.join(map(repr, missing))}"
        yield source.finding(Code.ARGUMENT_MISSING, text, call, hint=takes)
    yield from _check_values(source, name, method, bound.given)


def _check_values(source: Source, name: str, method: Method, given: dict[str, ast.expr]) -> Iterator[ScriptFinding]:
    schema = method.spec.input_schema
    properties, definitions = schema.get("properties", {}), schema.get("$defs", {})
    for parameter, node in given.items():
        literal = read_literal(node)
        if literal is None or parameter not in properties:
            continue
        reason = explain_misfit(literal, properties[parameter], definitions)
        if reason is None and not literal.is_partial:
            reason = explain_unreadable(method, parameter, literal.value)
        if reason is not None:
            yield source.finding(Code.ARGUMENT_INVALID, f"{name}: {parameter}: {reason}", node)


def _bind(call: ast.Call, parameters: Mapping[str, inspect.Parameter]) -> _Binding:
    positional = [name for name, item in parameters.items() if item.kind is item.POSITIONAL_OR_KEYWORD]
    bound = _Binding()
    for index, node in enumerate(call.args):
        if isinstance(node, ast.Starred):
            bound.is_open = True
            break  # the positions of all later arguments are unknown
        if index < len(positional):
            bound.given[positional[index]] = node
        else:
            bound.surplus.append(node)
    for keyword in call.keywords:
        if keyword.arg is None:
            bound.is_open = True
        elif keyword.arg not in parameters:
            bound.unknown.append(keyword)
        elif keyword.arg in bound.given:
            bound.doubled.append(keyword)
        else:
            bound.given[keyword.arg] = keyword.value
    return bound
