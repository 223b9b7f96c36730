"""The arguments of one call in a script, held against the method's signature and schema."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wren.checks.finding import Code, Finding
from wren.checks.literals import literal_of, misfit
from wren.checks.source import Source
from wren_core.contract.integration import Integration
from wren_core.contract.methods import Method
from wren_core.nearest import find_nearest, suggest


@dataclass(kw_only=True)
class _Binding:
    """Which parameter gets which expression, and what fits none."""

    given: dict[str, ast.expr] = field(default_factory=dict)
    surplus: list[ast.expr] = field(default_factory=list)
    doubled: list[ast.keyword] = field(default_factory=list)
    unknown: list[ast.keyword] = field(default_factory=list)
    is_open: bool = False
    """`*args` or `**kwargs` bring arguments that cannot be seen."""


def check_arguments(
    source: Source, integration: type[Integration], method: Method, call: ast.Call
) -> Iterator[Finding]:
    """Yield unknown, doubled, surplus, missing and misfitting arguments of a method call."""
    parameters = method.signature.parameters
    bound = _bind(call, parameters)
    name = f"{integration.spec.name}.{method.id}"
    takes = f"it takes {', '.join(parameters) or 'no arguments'}"
    meant = {keyword.arg: find_nearest(keyword.arg or "", parameters) for keyword in bound.unknown}
    for keyword in bound.unknown:
        hint = suggest(meant[keyword.arg], otherwise=takes)
        yield source.finding(Code.ARGUMENT_UNKNOWN, f"{name} has no argument {keyword.arg!r}", keyword, hint=hint)
    for keyword in bound.doubled:
        yield source.finding(Code.ARGUMENT_INVALID, f"{name}: argument {keyword.arg!r} is given twice", keyword)
    for node in bound.surplus[:1]:
        yield source.finding(Code.ARGUMENT_UNKNOWN, f"{name}: too many positional arguments", node, hint=takes)
    required = [item.name for item in parameters.values() if item.default is item.empty]
    supplied = {*bound.given, *meant.values()}
    missing = [item for item in required if item not in supplied]
    if missing and not bound.is_open:
        text = f"{name} needs {', '.join(map(repr, missing))}"
        yield source.finding(Code.ARGUMENT_MISSING, text, call, hint=takes)
    yield from _values(source, name, method, bound.given)


def _values(source: Source, name: str, method: Method, given: dict[str, ast.expr]) -> Iterator[Finding]:
    schema = method.spec.input_schema
    properties, definitions = schema.get("properties", {}), schema.get("$defs", {})
    for parameter, node in given.items():
        literal = literal_of(node)
        if literal is None or parameter not in properties:
            continue
        reason = misfit(literal, properties[parameter], definitions)
        if reason is not None:
            yield source.finding(Code.ARGUMENT_INVALID, f"{name}: {parameter}: {reason}", node)


def _bind(call: ast.Call, parameters: Mapping[str, inspect.Parameter]) -> _Binding:
    positional = [name for name, item in parameters.items() if item.kind is item.POSITIONAL_OR_KEYWORD]
    bound = _Binding()
    for index, node in enumerate(call.args):
        if isinstance(node, ast.Starred):
            bound.is_open = True
            break  # from here on nobody knows which parameter is meant
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
