"""Finds the expressions that are the package `wren`, an integration, or an instance of one."""

import ast
from dataclasses import dataclass
from typing import TypeAlias

from wren.checks.bindings import Binding, ImportedName
from wren.checks.scopes import Scope
from wren.script.metadata import NAMESPACE_FUNCTIONS


@dataclass(frozen=True)
class Package:
    """The module `wren`."""


@dataclass(frozen=True)
class Namespace:
    """The module `wren.integrations`."""


@dataclass(frozen=True)
class Member:
    """Another name of `wren`, such as a decorator."""

    name: str


@dataclass(frozen=True)
class Handle:
    """`wren.integrations.<name>`, not configured yet."""

    name: str


@dataclass(frozen=True)
class Instance:
    """The result of `.init(...)` of an integration."""

    name: str


Value: TypeAlias = Package | Namespace | Member | Handle | Instance


class Evaluator:
    """Evaluates expressions; caches names, which are looked up often."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, str], Value | None] = {}

    def value(self, node: ast.AST, scope: Scope) -> Value | None:
        """Return the value of `node` in `scope`, or None if it is unknown."""
        match node:
            case ast.Name():
                return self._name(node.id, scope)
            case ast.Attribute():
                return attribute_of(self.value(node.value, scope), node.attr)
            case ast.Call(func=ast.Attribute() as function) if function.attr == "init":
                base = self.value(function.value, scope)
                return Instance(base.name) if isinstance(base, Handle) else None
            case ast.NamedExpr():
                return self.value(node.value, scope)
        return None

    def _name(self, name: str, scope: Scope) -> Value | None:
        found = scope.find(name)
        if found is None:
            return None
        owner, bindings = found
        key = (id(owner), name)
        if key not in self._names:
            self._names[key] = None  # the value of a name that refers to itself
            self._names[key] = self._find_common_value(bindings, owner)
        return self._names[key]

    def _find_common_value(self, bindings: list[Binding], scope: Scope) -> Value | None:
        # `mail = None` before the real value is a placeholder, not a second value.
        real = [item for item in bindings if not (isinstance(item, ast.Constant) and item.value is None)]
        values = {self._evaluate_binding(item, scope) for item in real}
        return values.pop() if len(values) == 1 else None

    def _evaluate_binding(self, binding: Binding, scope: Scope) -> Value | None:
        if isinstance(binding, ImportedName):
            return imported(binding)
        return self.value(binding, scope) if isinstance(binding, ast.expr) else None


def imported(name: ImportedName) -> Value | None:
    """Return the value that an import binds."""
    match (name.module, name.member):
        case ("wren", None):
            return Package()
        case ("wren.integrations", None):
            return Namespace()
        case ("wren" | "wren.integrations", str(member)):
            return attribute_of(Package() if name.module == "wren" else Namespace(), member)
    return None


def attribute_of(base: Value | None, attribute: str) -> Value | None:
    """Return the value of an attribute."""
    if isinstance(base, Package):
        return Namespace() if attribute == "integrations" else Member(attribute)
    if isinstance(base, Namespace) and attribute not in NAMESPACE_FUNCTIONS:
        return Handle(attribute)
    return None
