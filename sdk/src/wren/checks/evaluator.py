"""Evaluates expressions without running them: Wren's own names, and the types of what methods return."""

import ast
from collections.abc import Iterable, Iterator

from wren.checks.bindings import Binding, Function, ImportedName, Iterated, ParameterOf, Unpacked
from wren.checks.builtin_calls import find_builtin_result, find_method_result
from wren.checks.references import NameReferences, find_argument
from wren.checks.scopes import Scope, ScopedNode
from wren.checks.shapes import MISSING, Shape, find_attribute, find_element, find_item, list_of, read_return_shape
from wren.checks.trigger_parameters import find_event_shape
from wren.checks.values import Handle, Instance, MethodOf, Typed, Value, attribute_of, find_imported
from wren.script.catalogue import Catalogue
from wren_core.contract.methods import Method
from wren_core.errors import IntegrationUnknown, PluginFailed


class Evaluator:
    """Evaluates expressions; caches names, which are looked up often.

    Args:
        places: all nodes of the module. Default: none, for checks that need no types.
        catalogue: the integrations whose methods give types. Default: none.
    """

    def __init__(self, places: Iterable[ScopedNode] = (), catalogue: Catalogue | None = None) -> None:
        self._references = NameReferences.of(places)
        self._catalogue = catalogue
        self._names: dict[tuple[int, str], Value | None] = {}
        self._busy: set[ast.AST] = set()

    def value(self, node: ast.AST, scope: Scope) -> Value | None:
        """Return the value of `node` in `scope`, or None where it is unknown."""
        match node:
            case ast.Name():
                return self._evaluate_name(node.id, scope)
            case ast.Attribute():
                return self._evaluate_attribute(self.value(node.value, scope), node.attr)
            case ast.Call():
                return self._evaluate_call(node, scope)
            case ast.Subscript():
                return self._evaluate_item(node, scope)
            case ast.NamedExpr():
                return self.value(node.value, scope)
            case ast.Await(value=ast.Call(func=ast.Name(id=name))):
                return self._evaluate_function(name, scope, is_async=True)
            case ast.IfExp():
                return self._agree([(node.body, scope), (node.orelse, scope)])
            case ast.BoolOp(op=ast.Or()):
                return self._agree([(item, scope) for item in node.values])
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self._evaluate_comprehension(node, scope)
        return None

    def shape(self, node: ast.AST, scope: Scope) -> Shape | None:
        """Return the type of an expression, or None where it is unknown."""
        found = self.value(node, scope)
        return found.shape if isinstance(found, Typed) else None

    # -- expressions -------------------------------------------------------------------------------------------------

    def _evaluate_attribute(self, base: Value | None, name: str) -> Value | None:
        if isinstance(base, Typed):
            return _wrap(find_attribute(base.shape, name))
        if isinstance(base, Instance):
            return MethodOf(base.name, name) if self._find_method(base.name, name) is not None else None
        return attribute_of(base, name)

    def _evaluate_call(self, node: ast.Call, scope: Scope) -> Value | None:
        if isinstance(node.func, ast.Name):
            if scope.find(node.func.id) is not None:
                found = self.value(node.func, scope)
                if isinstance(found, MethodOf):
                    return self._evaluate_result(found)
                return self._evaluate_function(node.func.id, scope, is_async=False)
            given = [self.shape(item, scope) for item in node.args]
            return _wrap(find_builtin_result(node.func.id, given))
        if not isinstance(node.func, ast.Attribute):
            return None
        base = self.value(node.func.value, scope)
        if isinstance(base, Handle):
            return Instance(base.name) if node.func.attr == "init" else None
        if isinstance(base, Typed):
            return _wrap(find_method_result(base.shape, node.func.attr))
        found = self._evaluate_attribute(base, node.func.attr)
        return self._evaluate_result(found) if isinstance(found, MethodOf) else None

    def _evaluate_result(self, method: MethodOf) -> Value | None:
        found = self._find_method(method.integration, method.name)
        return None if found is None else _wrap(read_return_shape(found))

    def _evaluate_item(self, node: ast.Subscript, scope: Scope) -> Value | None:
        base = self.shape(node.value, scope)
        if base is None:
            return None
        if isinstance(node.slice, ast.Slice):
            return Typed(base)
        return _wrap(find_item(base, read_key(node.slice)))

    def _evaluate_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Scope
    ) -> Value | None:
        inner = scope.inner.get(node)
        element = self.shape(node.elt, inner) if inner is not None else None
        return None if element is None else Typed(list_of(element))

    # -- names -------------------------------------------------------------------------------------------------------

    def _evaluate_name(self, name: str, scope: Scope) -> Value | None:
        found = scope.find(name)
        if found is None:
            return None
        owner, bindings = found
        key = (id(owner), name)
        if key not in self._names:
            self._names[key] = None  # the value of a name that refers to itself
            self._names[key] = self._find_agreed_value(bindings, owner)
        return self._names[key]

    def _find_agreed_value(self, bindings: list[Binding], scope: Scope) -> Value | None:
        # `mail = None` before the real value is a placeholder, not a second opinion.
        real = [item for item in bindings if not (isinstance(item, ast.Constant) and item.value is None)]
        return _find_common([self._evaluate_binding(item, scope) for item in real])

    def _evaluate_binding(self, binding: Binding, scope: Scope) -> Value | None:
        match binding:
            case ImportedName():
                return find_imported(binding)
            case Iterated(iterable):
                shape = self.shape(iterable, scope)
                return _wrap(find_element(shape)) if shape is not None else None
            case Unpacked(whole, index):
                found = self._evaluate_binding(whole, scope)
                return _wrap(find_item(found.shape, index)) if isinstance(found, Typed) else None
            case ParameterOf():
                return self._evaluate_parameter(binding, scope)
            case ast.expr():
                return self.value(binding, scope)
        return None

    def _evaluate_parameter(self, parameter: ParameterOf, scope: Scope) -> Value | None:
        function = parameter.function
        if isinstance(function, ast.Lambda):
            applied = self._references.applied.get(function)
            shape = self.shape(*applied) if applied else None
            return _wrap(find_element(shape)) if shape is not None else None
        if scope.parent is None:
            return None
        if function.decorator_list:
            return _wrap(find_event_shape(function, parameter.name, self, scope.parent))
        sites = self._references.list_calls(function.name, scope.parent)
        if not sites or _is_variadic(function, parameter.name):
            return None
        given = [(find_argument(site, parameter), site.scope) for site in sites]
        return _find_common([None if node is None else self.value(node, where) for node, where in given])

    # -- functions ---------------------------------------------------------------------------------------------------

    def _evaluate_function(self, name: str, scope: Scope, *, is_async: bool) -> Value | None:
        """Return what a function of the script returns, where all its `return` statements agree."""
        found = scope.find(name)
        if found is None or len(found[1]) != 1:
            return None
        function = found[1][0]
        wanted = ast.AsyncFunctionDef if is_async else ast.FunctionDef
        if not isinstance(function, wanted) or function.decorator_list or function in self._busy:
            return None
        inner = scope.inner.get(function)
        returned = None if inner is None else list_returned(function)
        if inner is None or not returned:
            return None
        self._busy.add(function)
        try:
            return self._agree([(node, inner) for node in returned])
        finally:
            self._busy.discard(function)

    def _agree(self, nodes: list[tuple[ast.expr, Scope]]) -> Value | None:
        real = [(node, scope) for node, scope in nodes if not _is_placeholder(node)]
        return _find_common([self.value(node, scope) for node, scope in real])

    def _find_method(self, integration: str, name: str) -> Method | None:
        if self._catalogue is None:
            return None
        try:
            return self._catalogue.get(integration).methods().get(name)
        except (IntegrationUnknown, PluginFailed):
            return None


def list_returned(function: Function) -> list[ast.expr] | None:
    """Return the values of a function's `return` statements; None for a generator."""
    found: list[ast.expr] = []
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return None
        if isinstance(node, ast.Return) and node.value is not None:
            found.append(node.value)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))
    return found


def read_key(node: ast.expr) -> int | str | None:
    """Return the key of a subscript, or None where only the run knows it."""
    match node:
        case ast.Constant(value=int() | str() as key):
            return key
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
    return None


def iterate_own_names(function: Function) -> Iterator[str]:
    """Yield the names of a function's parameters that are not variadic."""
    arguments = function.args
    return (item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))


def _is_variadic(function: Function, name: str) -> bool:
    return name not in iterate_own_names(function)


def _is_placeholder(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=None) | ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
    return False


def _find_common(values: list[Value | None]) -> Value | None:
    if not values or any(item is None for item in values):
        return None
    return values[0] if all(item == values[0] for item in values) else None


def _wrap(shape: Shape | None) -> Value | None:
    return None if shape is None or shape is MISSING else Typed(shape)
