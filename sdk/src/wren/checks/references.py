"""Who calls a function of the script, and with what: an index of the names of a module."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from wren.checks.bindings import ParameterOf
from wren.checks.scopes import Scope, ScopedNode

_BY_KEY = ("sorted", "min", "max", "sort")
_BY_FIRST = ("map", "filter")


@dataclass(frozen=True, kw_only=True)
class CallSite:
    """One call and the scope its arguments are in."""

    call: ast.Call
    scope: Scope


@dataclass(kw_only=True)
class NameReferences:
    """Every use of every name, and what short functions are applied to."""

    calls: dict[ast.AST, CallSite] = field(default_factory=dict)
    """By the node that is called."""
    uses: dict[tuple[Scope | None, str], list[ast.Name]] = field(default_factory=dict)
    """By the scope that binds the name."""
    applied: dict[ast.Lambda, tuple[ast.expr, Scope]] = field(default_factory=dict)
    """The iterable whose elements a lambda gets: that of `sorted(mails, key=lambda m: ...)`."""

    @classmethod
    def of(cls, places: Iterable[ScopedNode]) -> "NameReferences":
        """Index the nodes of a module."""
        found = cls()
        for place in places:
            if isinstance(place.node, ast.Call):
                found.calls[place.node.func] = CallSite(call=place.node, scope=place.scope)
                found._add_lambda(place.node, place.scope)
            elif isinstance(place.node, ast.Name) and isinstance(place.node.ctx, ast.Load):
                owner = place.scope.find(place.node.id)
                found.uses.setdefault((owner[0] if owner else None, place.node.id), []).append(place.node)
        return found

    def list_calls(self, name: str, owner: Scope) -> list[CallSite] | None:
        """Return all calls of a function by name; None where it is used in another way too, such as a callback."""
        sites = [self.calls.get(node) for node in self.uses.get((owner, name), [])]
        known = [site for site in sites if site is not None]
        return known if len(known) == len(sites) else None

    def _add_lambda(self, call: ast.Call, scope: Scope) -> None:
        match call:
            case ast.Call(func=ast.Name(id=name), args=[iterable, *_]) if name in _BY_KEY and scope.find(name) is None:
                source: ast.expr | None = iterable
            case ast.Call(func=ast.Attribute(value=iterable, attr="sort")):
                source = iterable
            case ast.Call(func=ast.Name(id=name), args=[ast.Lambda() as short, iterable]) if (
                name in _BY_FIRST and scope.find(name) is None
            ):
                self.applied[short] = (iterable, scope)
                return
            case _:
                return
        for keyword in call.keywords:
            if keyword.arg == "key" and isinstance(keyword.value, ast.Lambda) and source is not None:
                self.applied[keyword.value] = (source, scope)


def find_argument(site: CallSite, parameter: ParameterOf) -> ast.expr | None:
    """Return what a call gives for a parameter; None where it gives nothing, or it cannot be told."""
    arguments = parameter.function.args
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
    if any(isinstance(item, ast.Starred) for item in site.call.args) or any(
        item.arg is None for item in site.call.keywords
    ):
        return None
    for keyword in site.call.keywords:
        if keyword.arg == parameter.name:
            return keyword.value
    index = names.index(parameter.name) if parameter.name in names else len(site.call.args)
    return site.call.args[index] if index < len(site.call.args) else None
