"""Which names a statement binds, and to what."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True)
class ImportedName:
    """A name bound by an import: the module, and the member for `from module import member`."""

    module: str
    member: str | None = None


class _Unknown:
    """A binding of which nothing can be told: a parameter, a loop variable, a function."""


UNKNOWN: Final = _Unknown()
Binding: TypeAlias = ast.expr | ImportedName | _Unknown
Bound: TypeAlias = Iterator[tuple[str, Binding]]


def bindings_of(node: ast.AST) -> Bound:
    """Yield each name `node` itself binds, its parts apart, with what it is bound to."""
    match node:
        case ast.Assign():
            for target in node.targets:
                yield from _target(target, node.value)
        case ast.AnnAssign(value=ast.expr()) | ast.NamedExpr():
            yield from _target(node.target, node.value)
        case ast.AugAssign() | ast.For() | ast.AsyncFor() | ast.comprehension():
            yield from _target(node.target, None)
        case ast.withitem():
            yield from _target(node.optional_vars, None)
        case ast.Delete():
            for target in node.targets:
                yield from _target(target, None)
        case ast.Import() | ast.ImportFrom():
            yield from _imports(node)
        case _:
            yield from _captured(node)


def parameters_of(arguments: ast.arguments) -> Iterator[str]:
    """Yield the names of a function's parameters."""
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return (item.arg for item in plain if item is not None)


def _target(target: ast.expr | None, value: ast.expr | None) -> Bound:
    match target:
        case ast.Name():
            yield target.id, value or UNKNOWN
        case ast.Starred():
            yield from _target(target.value, None)
        case ast.Tuple() | ast.List():
            for part, part_value in _paired(target.elts, value):
                yield from _target(part, part_value)


def _paired(targets: list[ast.expr], value: ast.expr | None) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    values: list[ast.expr] = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    is_even = len(values) == len(targets) and not any(isinstance(item, ast.Starred) for item in (*targets, *values))
    for index, target in enumerate(targets):
        yield target, values[index] if is_even else None


def _imports(node: ast.Import | ast.ImportFrom) -> Bound:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            module = node.module if node.module and not node.level else ""
            yield alias.asname or alias.name, ImportedName(module, alias.name)
        elif alias.asname:
            yield alias.asname, ImportedName(alias.name)
        else:
            top = alias.name.partition(".")[0]
            yield top, ImportedName(top)


def _captured(node: ast.AST) -> Bound:
    match node:
        case (
            ast.FunctionDef(name=str(name))
            | ast.AsyncFunctionDef(name=str(name))
            | ast.ClassDef(name=str(name))
            | ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            yield name, UNKNOWN
