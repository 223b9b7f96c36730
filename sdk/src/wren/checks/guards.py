"""Where a script itself asks what a value has: such uses are not reported."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from wren.checks.scopes import ScopedNode

_CAUGHT = frozenset({"AttributeError", "KeyError", "TypeError", "LookupError", "IndexError"})


@dataclass(frozen=True, kw_only=True)
class Guards:
    """The questions of a script: `hasattr(mail, "body")`, `isinstance(mail, dict)`, `except AttributeError`."""

    attributes: frozenset[str]
    names: frozenset[str]
    spans: tuple[tuple[int, int], ...]
    """First and last line of what stands in such a `try`."""

    @classmethod
    def of(cls, places: Iterable[ScopedNode]) -> "Guards":
        """Collect the questions of a module."""
        attributes: set[str] = set()
        names: set[str] = set()
        spans: list[tuple[int, int]] = []
        for place in places:
            match place.node:
                case ast.Call(func=ast.Name(id="hasattr" | "getattr"), args=[_, ast.Constant(value=str(name)), *_]):
                    attributes.add(name)
                case ast.Call(func=ast.Name(id="isinstance" | "issubclass" | "type"), args=[ast.Name(id=name), *_]):
                    names.add(name)
                case ast.Match(subject=ast.Name(id=name)):
                    names.add(name)
                case ast.Try() if any(_catches_lookup(handler) for handler in place.node.handlers):
                    spans.append((place.node.body[0].lineno, place.node.body[-1].end_lineno or 0))
        return cls(attributes=frozenset(attributes), names=frozenset(names), spans=tuple(spans))

    def allow(self, node: ast.Attribute | ast.Subscript) -> bool:
        """Tell whether the script asks about this use itself."""
        if isinstance(node, ast.Attribute) and node.attr in self.attributes:
            return True
        if isinstance(node.value, ast.Name) and node.value.id in self.names:
            return True
        return any(first <= node.lineno <= last for first, last in self.spans)


def _catches_lookup(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return False
    return any(isinstance(item, ast.Name) and item.id in _CAUGHT for item in ast.walk(handler.type))
