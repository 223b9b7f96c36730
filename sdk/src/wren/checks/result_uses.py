"""Checks uses of what methods return, and of events, against their types: attributes, items, `await`."""

import ast
from collections.abc import Iterable, Iterator
from types import FunctionType

from wren.checks.evaluator import Evaluator
from wren.checks.finding import Code
from wren.checks.guards import Guards
from wren.checks.scopes import Scope, ScopedNode
from wren.checks.shapes import (
    MISSING,
    Shape,
    describe_shape,
    find_attribute,
    find_element,
    find_item,
    is_class,
    list_attributes,
)
from wren.checks.source import Source
from wren.checks.values import MethodOf, Typed
from wren.script.catalogue import Catalogue
from wren_core.nearest import find_nearest
from wren_core.protocol.findings import ScriptFinding

_SHOWN = 60
_SHOWN_NAMES = 20
_SCHEDULERS = frozenset({"gather", "create_task", "wait_for", "run", "ensure_future", "run_until_complete"})


def check_result_uses(source: Source, catalogue: Catalogue, found: list[ScopedNode]) -> Iterator[ScriptFinding]:
    """Yield attributes and items that a result certainly does not have, and calls that are awaited."""
    check = _Check(source, Evaluator(found, catalogue), Guards.of(found))
    for place in found:
        yield from check.check(place.node, place.scope)


class _Check:
    def __init__(self, source: Source, values: Evaluator, guards: Guards) -> None:
        self._source = source
        self._values = values
        self._guards = guards

    def check(self, node: ast.AST, scope: Scope) -> Iterable[ScriptFinding]:
        match node:
            case ast.Attribute(ctx=ast.Load()):
                return self._check_attribute(node, scope)
            case ast.Subscript(ctx=ast.Load()) if not isinstance(node.slice, ast.Slice):
                return self._check_item(node, scope)
            case ast.Await(value=ast.Call() as call) | ast.AsyncFor(iter=ast.Call() as call):
                return self._check_awaited([call], scope)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr=name)) if name in _SCHEDULERS:
                return self._check_awaited([item for item in node.args if isinstance(item, ast.Call)], scope)
            case ast.For(iter=loop) | ast.comprehension(iter=loop):
                return self._check_loop(loop, scope)
        return ()

    def _check_attribute(self, node: ast.Attribute, scope: Scope) -> Iterator[ScriptFinding]:
        base = self._values.value(node.value, scope)
        if isinstance(base, MethodOf) and not hasattr(FunctionType, node.attr):
            yield self._make_uncalled(base, node.value)
        if not isinstance(base, Typed) or node.attr.startswith("__") or self._guards.allow(node):
            return
        if find_attribute(base.shape, node.attr) is MISSING:
            text = _shorten(node.value)
            message = f"{text}.{node.attr}: {_name_with_article(base.shape)} has no attribute {node.attr!r}"
            finding = self._source.finding(
                Code.ATTRIBUTE_UNKNOWN, message, node, hint=_hint_attribute(base.shape, text, node.attr)
            )
            yield finding

    def _check_item(self, node: ast.Subscript, scope: Scope) -> Iterator[ScriptFinding]:
        shape, key = self._values.shape(node.value, scope), _read_text(node.slice)
        if shape is None or self._guards.allow(node) or find_item(shape, key) is not MISSING:
            return
        text = _shorten(node.value)
        message = f"{text}[{_shorten(node.slice)}]: {_name_with_article(shape)} has no items by name"
        yield self._source.finding(Code.ATTRIBUTE_UNKNOWN, message, node, hint=_hint_item(shape, text, key))

    def _check_awaited(self, calls: Iterable[ast.Call], scope: Scope) -> Iterator[ScriptFinding]:
        for call in calls:
            method = self._values.value(call.func, scope)
            if isinstance(method, MethodOf):
                text = f"{method.integration}.{method.name} is not a coroutine: it returns when it is done"
                hint = "leave `await` out; to run several at once use concurrent.futures.ThreadPoolExecutor"
                yield self._source.finding(Code.METHOD_AWAITED, text, call, hint=hint)

    def _check_loop(self, loop: ast.expr, scope: Scope) -> Iterator[ScriptFinding]:
        method = self._values.value(loop, scope)
        if isinstance(method, MethodOf):
            yield self._make_uncalled(method, loop)

    def _make_uncalled(self, method: MethodOf, node: ast.expr) -> ScriptFinding:
        text = f"{method.integration}.{method.name} is a method, and it is not called"
        return self._source.finding(Code.METHOD_NOT_CALLED, text, node, hint=f"write {_shorten(node)}(...)")


def _hint_attribute(shape: Shape, text: str, name: str) -> str:
    if is_class(shape, dict):
        return f"it is a dict: write {text}[{name!r}]"
    element = find_element(shape)
    if is_class(shape, list, tuple, set) and element is not None:
        if find_attribute(element, name) is not MISSING:
            return f"it holds several: loop over it, or take one of them, as in {text}[0].{name}"
        return _list_names(element, name, "each of them has")
    return _list_names(shape, name, "it has")


def _hint_item(shape: Shape, text: str, key: str | None) -> str:
    if is_class(shape, list, tuple):
        return f"it holds several: loop over it, or take one of them, as in {text}[0]"
    names = list_attributes(shape)
    if key in names:
        return f"write {text}.{key}"
    return _list_names(shape, key or "", "write it with a dot; it has")


def _list_names(shape: Shape, name: str, lead: str) -> str:
    names = list_attributes(shape)
    nearest = find_nearest(name, names)
    more = ", ..." if len(names) > _SHOWN_NAMES else ""
    listed = f"{lead} {', '.join(names[:_SHOWN_NAMES])}{more}" if names else f"it is a {describe_shape(shape)}"
    return f"did you mean {nearest!r}? {listed}" if nearest else listed


def _name_with_article(shape: Shape) -> str:
    words = describe_shape(shape)
    return f"an {words}" if words[:1] in "AEIOaeio" else f"a {words}"


def _read_text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _shorten(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
