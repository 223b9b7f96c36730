"""Which expressions are Wren's own: the package, its integrations, an instance of one, what its methods return."""

from dataclasses import dataclass
from typing import TypeAlias

from wren.checks.bindings import ImportedName
from wren.checks.shapes import Shape
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
    """What `.init(...)` of an integration returned."""

    name: str


@dataclass(frozen=True)
class MethodOf:
    """A method of an instance, not called."""

    integration: str
    name: str


@dataclass(frozen=True)
class Typed:
    """A value of a known type."""

    shape: Shape


Value: TypeAlias = Package | Namespace | Member | Handle | Instance | MethodOf | Typed


def find_imported(name: ImportedName) -> Value | None:
    """Return what an import binds."""
    match (name.module, name.member):
        case ("wren", None):
            return Package()
        case ("wren.integrations", None):
            return Namespace()
        case ("wren" | "wren.integrations", str(member)):
            return attribute_of(Package() if name.module == "wren" else Namespace(), member)
    return None


def attribute_of(base: Value | None, attribute: str) -> Value | None:
    """Return what an attribute of the package or the namespace is."""
    if isinstance(base, Package):
        return Namespace() if attribute == "integrations" else Member(attribute)
    if isinstance(base, Namespace) and attribute not in NAMESPACE_FUNCTIONS:
        return Handle(attribute)
    return None
