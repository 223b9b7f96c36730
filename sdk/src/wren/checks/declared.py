"""Checks the triggers that the import of a script left: those its text declares must be among them."""

import ast
from collections.abc import Iterator
from typing import Any

from wren.checks.bindings import Function, find_bindings
from wren.checks.evaluator import Evaluator
from wren.checks.finding import Code
from wren.checks.scopes import list_places
from wren.checks.source import Source
from wren.checks.trigger_parameters import list_trigger_members
from wren_core.protocol.findings import ScriptFinding


def check_declared(source: Source, metadata: dict[str, Any]) -> Iterator[ScriptFinding]:
    """Yield triggers that were lost, and a warning for a script that nothing starts."""
    lost = list(_find_lost(source, metadata))
    yield from lost
    if not metadata.get("triggers") and not lost:
        yield ScriptFinding(
            code=Code.TRIGGER_MISSING,
            message="no function has a trigger, so nothing starts this script automatically",
            file=source.file,
            severity="warning",
            hint='decorate a function, for example with @wren.on_schedule("0 9 * * *")',
        )


def _find_lost(source: Source, metadata: dict[str, Any]) -> Iterator[ScriptFinding]:
    places = list_places(source.tree)
    values, scopes = Evaluator(places), {place.node: place.scope for place in places}
    kept = [item["func"] for item in metadata.get("triggers", ())]
    for index, node in enumerate(source.tree.body):
        if not isinstance(node, Function):
            continue
        members = list_trigger_members(node, values, scopes[node])
        if not members:
            continue
        later = _find_later_binding(source.tree.body[index + 1 :], node.name)
        if later is not None:
            yield _make_replaced(source, node, later)
        elif kept.count(node.name) < len(members):
            yield _make_hidden(source, node)


def _find_later_binding(body: list[ast.stmt], name: str) -> ast.stmt | None:
    """Return the statement that gives the name to something else; not one that wraps the function itself."""
    for statement in body:
        for found, _ in find_bindings(statement):
            if found == name and not _mentions(statement, name):
                return statement
    return None


def _mentions(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, Function | ast.ClassDef):
        return False
    names = (item for item in ast.walk(statement) if isinstance(item, ast.Name))
    return any(item.id == name and isinstance(item.ctx, ast.Load) for item in names)


def _make_replaced(source: Source, function: Function, later: ast.stmt) -> ScriptFinding:
    text = f"the trigger of {function.name!r} is lost: line {later.lineno} gives that name to something else"
    return source.finding(Code.TRIGGER_LOST, text, function, hint="give each function a name that no other one has")


def _make_hidden(source: Source, function: Function) -> ScriptFinding:
    text = f"the trigger of {function.name!r} is lost: a decorator above it returns another function"
    hint = "put @wren.on_schedule at the top, above all other decorators"
    return source.finding(Code.TRIGGER_LOST, text, function, hint=hint)
