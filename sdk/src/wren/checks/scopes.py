"""Finds the values that a name may have, by Python's scoping rules, without running the script.

A walk over the syntax tree records every binding of every scope, and the scope of every node. The order of statements
is ignored: a name counts as known only when all its bindings agree, so that checks rather miss an error than
report a false one.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from wren.checks.bindings import Binding, ParameterOf, find_bindings, list_parameters

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(kw_only=True, eq=False)
class Scope:
    """A module, class, function or comprehension."""

    parent: "Scope | None" = None
    is_class: bool = False
    is_comprehension: bool = False
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    redirected: "dict[str, Scope]" = field(default_factory=dict)
    """Names declared `global` or `nonlocal`, and the scope they belong to."""
    inner: "dict[ast.AST, Scope]" = field(default_factory=dict)
    """The scope that a function or a comprehension opens; one table for the whole module."""

    def bind(self, name: str, binding: Binding) -> None:
        """Record that `name` may hold `binding` here."""
        self.redirected.get(name, self).bindings.setdefault(name, []).append(binding)

    def find(self, name: str) -> "tuple[Scope, list[Binding]] | None":
        """Return the scope in which `name`, used here, is bound, and all its bindings there."""
        scope: Scope | None = self
        while scope is not None:
            owner = scope.redirected.get(name, scope)
            # Names of a class body are visible in it, but not in its functions.
            if name in owner.bindings and (owner is self or not owner.is_class):
                return owner, owner.bindings[name]
            scope = scope.parent
        return None


@dataclass(frozen=True, kw_only=True)
class ScopedNode:
    """A node and the scope in which its names are looked up."""

    node: ast.AST
    scope: Scope


def list_places(tree: ast.Module) -> list[ScopedNode]:
    """Return every node of a module with its scope, outer nodes before inner ones, in the order of the text."""
    walk = _Walk()
    walk.run(tree)
    return walk.places


class _Walk:
    """An iterative walk: nesting deeper than Python's recursion limit must not end the check."""

    def __init__(self) -> None:
        self.places: list[ScopedNode] = []
        self._pending: list[ScopedNode] = []

    def run(self, tree: ast.Module) -> None:
        self._push(tree.body, Scope())
        while self._pending:
            place = self._pending.pop()
            self.places.append(place)
            self._visit(place.node, place.scope)

    def _push(self, nodes: Iterable[ast.AST | None], scope: Scope) -> None:
        self._pending.extend(reversed([ScopedNode(node=node, scope=scope) for node in nodes if node is not None]))

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        owner = _leave_comprehensions(scope) if isinstance(node, ast.NamedExpr) else scope
        for name, binding in find_bindings(node):
            owner.bind(name, binding)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self._visit_function(node, scope)
            case ast.ClassDef():
                self._push([*node.decorator_list, *node.bases, *node.keywords], scope)
                self._push(node.body, Scope(parent=scope, inner=scope.inner, is_class=True))
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                scope.inner[node] = Scope(parent=scope, inner=scope.inner, is_comprehension=True)
                self._push(ast.iter_child_nodes(node), scope.inner[node])
            case _:
                self._push(ast.iter_child_nodes(node), scope)

    def _visit_function(self, node: _Function, scope: Scope) -> None:
        inner = scope.inner[node] = Scope(parent=scope, inner=scope.inner)
        for name in list_parameters(node.args):
            inner.bind(name, ParameterOf(node, name))
        self._push([*node.args.defaults, *node.args.kw_defaults], scope)
        if isinstance(node, ast.Lambda):
            self._push([node.body], inner)
            return
        _apply_redirects(node.body, inner)
        self._push(node.decorator_list, scope)
        self._push(node.body, inner)


def _apply_redirects(body: Iterable[ast.AST], scope: Scope) -> None:
    """Apply the `global` and `nonlocal` statements of a function before its bindings are recorded."""
    for node in _iterate_own_nodes(body):
        if isinstance(node, ast.Global):
            scope.redirected.update(dict.fromkeys(node.names, _find_module(scope)))
        elif isinstance(node, ast.Nonlocal) and scope.parent is not None:
            found = {name: scope.parent.find(name) for name in node.names}
            scope.redirected.update({name: item[0] for name, item in found.items() if item})


def _iterate_own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a body, without those of nested functions and classes."""
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))


def _leave_comprehensions(scope: Scope) -> Scope:
    while scope.is_comprehension and scope.parent is not None:
        scope = scope.parent
    return scope


def _find_module(scope: Scope) -> Scope:
    while scope.parent is not None:
        scope = scope.parent
    return scope
