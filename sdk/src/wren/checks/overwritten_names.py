"""Finds names of integrations that something else takes: a function with the name of the variable hides it."""

import ast
from collections.abc import Iterator

from wren.checks.bindings import Function, ImportedName, Iterated, Unpacked
from wren.checks.evaluator import Evaluator
from wren.checks.finding import Code
from wren.checks.scopes import Scope, ScopedNode
from wren.checks.source import Source
from wren.checks.values import Handle, Instance, Package
from wren_core.protocol.findings import ScriptFinding


def check_overwritten(source: Source, found: list[ScopedNode]) -> Iterator[ScriptFinding]:
    """Yield functions, classes, imports and loop variables at the top level that take the name of an integration."""
    values = Evaluator(found)
    module = next((place.scope for place in found if place.scope.parent is None), None)
    if module is None:
        return
    for name, bindings in module.bindings.items():
        owned = [item for item in bindings if isinstance(item, ast.expr) and _is_ours(item, values, module)]
        imported = [item for item in bindings if isinstance(item, ImportedName) and item.module.startswith("wren")]
        takers = [item for item in bindings if isinstance(item, Function | ast.ClassDef | Iterated | Unpacked)]
        others = [item for item in bindings if isinstance(item, ImportedName) and item not in imported]
        if (owned or imported) and (takers or (owned and others)):
            yield from _report(source, name, [item for item in takers if isinstance(item, ast.AST)])
            if not any(isinstance(item, ast.AST) for item in takers):
                yield from _report(source, name, _find_statements(source.tree, name))


def _is_ours(node: ast.expr, values: Evaluator, scope: Scope) -> bool:
    return isinstance(values.value(node, scope), Instance | Handle | Package)


def _find_statements(tree: ast.Module, name: str) -> list[ast.AST]:
    """Return the loops and imports at the top level that bind the name."""
    found: list[ast.AST] = []
    for statement in tree.body:
        if isinstance(statement, ast.For):
            targets = (item.id for item in ast.walk(statement.target) if isinstance(item, ast.Name))
            found += [statement] if name in targets else []
        if isinstance(statement, ast.Import | ast.ImportFrom):
            bound = ((alias.asname or alias.name.partition(".")[0]) for alias in statement.names)
            is_ours = getattr(statement, "module", None) in ("wren", "wren.integrations")
            found += [statement] if name in bound and not is_ours else []
    return found


def _report(source: Source, name: str, nodes: list[ast.AST]) -> Iterator[ScriptFinding]:
    for node in nodes[:1]:
        text = f"this takes the name {name!r}, which holds an integration: uses of {name!r} get the wrong one"
        yield source.finding(Code.NAME_OVERWRITTEN, text, node, hint="give one of the two another name")
