"""Finds the names that a statement binds, and their values."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True)
class ImportedName:
    """A name bound by an import: the module, and the member for `from module import member`."""

    module: str
    member: str | None = None


@dataclass(frozen=True)
class Iterated:
    """One element of an expression: the variable of a loop."""

    iterable: ast.expr


@dataclass(frozen=True)
class Unpacked:
    """One part of a value that is taken apart: the `m` of `for i, m in enumerate(mails)`."""

    whole: "ast.expr | Iterated | Unpacked"
    index: int


@dataclass(frozen=True)
class ParameterOf:
    """A parameter of a function."""

    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    name: str


class _Unknown:
    """A binding of unknown value."""


UNKNOWN: Final = _Unknown()
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Binding: TypeAlias = ast.expr | ImportedName | Iterated | Unpacked | ParameterOf | Function | ast.ClassDef | _Unknown
_Source: TypeAlias = ast.expr | Iterated | Unpacked
Bound: TypeAlias = Iterator[tuple[str, Binding]]


def find_bindings(node: ast.AST) -> Bound:
    """Yield each name that `node` itself binds, without its children, and its binding."""
    match node:
        case ast.Assign():
            for target in node.targets:
                yield from _bind_target(target, node.value)
        case ast.AnnAssign(value=ast.expr()) | ast.NamedExpr():
            yield from _bind_target(node.target, node.value)
        case ast.For() | ast.comprehension(is_async=0):
            yield from _bind_target(node.target, Iterated(node.iter))
        case ast.AugAssign() | ast.AsyncFor() | ast.comprehension():
            yield from _bind_target(node.target, None)
        case ast.withitem():
            yield from _bind_target(node.optional_vars, None)
        case ast.Delete():
            for target in node.targets:
                yield from _bind_target(target, None)
        case ast.Import() | ast.ImportFrom():
            yield from _bind_imports(node)
        case _:
            yield from _bind_captures(node)


def list_parameters(arguments: ast.arguments) -> Iterator[str]:
    """Yield the names of a function's parameters."""
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return (item.arg for item in plain if item is not None)


def _bind_target(target: ast.expr | None, value: _Source | None) -> Bound:
    match target:
        case ast.Name():
            yield target.id, value or UNKNOWN
        case ast.Starred():
            yield from _bind_target(target.value, None)
        case ast.Tuple() | ast.List():
            for part, part_value in _pair_targets(target.elts, value):
                yield from _bind_target(part, part_value)


def _pair_targets(targets: list[ast.expr], value: _Source | None) -> Iterator[tuple[ast.expr, _Source | None]]:
    is_starred = any(isinstance(item, ast.Starred) for item in targets)
    for index, target in enumerate(targets):
        if value is None or is_starred:
            yield target, None
        elif not isinstance(value, ast.Tuple | ast.List):
            yield target, Unpacked(value, index)
        elif len(value.elts) == len(targets) and not any(isinstance(item, ast.Starred) for item in value.elts):
            yield target, value.elts[index]
        else:
            yield target, None


def _bind_imports(node: ast.Import | ast.ImportFrom) -> Bound:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            module = node.module if node.module and not node.level else ""
            yield alias.asname or alias.name, ImportedName(module, alias.name)
        elif alias.asname:
            yield alias.asname, ImportedName(alias.name)
        else:
            top = alias.name.partition(".")[0]
            yield top, ImportedName(top)


def _bind_captures(node: ast.AST) -> Bound:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, node
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            yield name, UNKNOWN
