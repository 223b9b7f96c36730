"""The event of a triggered function, as its definition declares it."""

import ast
from collections.abc import Iterator
from typing import Protocol

from wren.checks.bindings import Function
from wren.checks.scopes import Scope
from wren.checks.shapes import Shape
from wren.checks.values import Member, Value
from wren.script.event_parameter import FunctionParameter, find_event_parameter
from wren_core.contract.events import Email, ManualStart, ScheduleTick

TRIGGERS = {Member("on_schedule"): ScheduleTick | ManualStart, Member("on_email"): Email | ManualStart}
"""The decorators, and the events they give."""


class ValueSource(Protocol):
    """Evaluates an expression."""

    def value(self, node: ast.AST, scope: Scope) -> Value | None:
        """Return the value of `node` in `scope`, or None where it is unknown."""
        ...


def list_trigger_members(function: Function, values: ValueSource, scope: Scope) -> list[Member]:
    """Return the triggers among the decorators of a function, from top to bottom."""
    found = [values.value(item.func, scope) for item in function.decorator_list if isinstance(item, ast.Call)]
    return [item for item in found if isinstance(item, Member) and item in TRIGGERS]


def find_event_shape(function: Function, name: str, values: ValueSource, scope: Scope) -> Shape | None:
    """Return the type of a parameter that gets the event; None where other decorators may change it."""
    members = list_trigger_members(function, values, scope)
    taker = find_event_parameter(read_parameters(function))
    if taker is None or taker.name != name or taker.is_variadic or len(members) != len(function.decorator_list):
        return None
    shape: Shape = TRIGGERS[members[0]]
    for member in members[1:]:
        shape = shape | TRIGGERS[member]
    return shape


def read_parameters(function: Function) -> list[FunctionParameter]:
    """Return the parameters of a function as its text declares them, without `**rest`."""
    return list(_iterate_parameters(function.args))


def _iterate_parameters(arguments: ast.arguments) -> Iterator[FunctionParameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    for index, item in enumerate(positional):
        yield FunctionParameter(name=item.arg, has_default=index >= required, annotation=_read_annotation(item))
    if arguments.vararg is not None:
        yield FunctionParameter(name=arguments.vararg.arg, is_variadic=True)
    for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield FunctionParameter(
            name=item.arg,
            has_default=default is not None,
            is_keyword_only=True,
            annotation=_read_annotation(item),
        )


def _read_annotation(item: ast.arg) -> str:
    return "" if item.annotation is None else ast.unparse(item.annotation).strip("'\"")
