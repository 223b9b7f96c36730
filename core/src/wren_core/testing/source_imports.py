"""What a module imports, read from its source: a check must not depend on what happens to be installed. Pure."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_EXCUSES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True, kw_only=True)
class SourceImport:
    """One import of another module."""

    module: str
    line: int


def list_imports(source: str) -> list[SourceImport]:
    """List the absolute imports of a module, also those inside functions.

    Left out is what the module can do without: an import inside `try` with an `except ImportError`, and one under
    `if TYPE_CHECKING`.
    """
    return list(_walk(ast.parse(source)))


def _walk(node: ast.AST) -> Iterator[SourceImport]:
    if isinstance(node, ast.Import):
        yield from (SourceImport(module=item.name, line=node.lineno) for item in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        yield SourceImport(module=node.module, line=node.lineno)
    elif isinstance(node, ast.Call) and _is_dynamic(node):
        yield SourceImport(module=str(node.args[0].value), line=node.lineno)  # type: ignore[attr-defined]  # a constant
    for child in _needed_parts(node):
        yield from _walk(child)


def _needed_parts(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Try) and any(_excuses(handler.type) for handler in node.handlers):
        yield from (part for handler in node.handlers for part in handler.body)
        yield from (*node.orelse, *node.finalbody)
    elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        yield from node.orelse
    else:
        yield from ast.iter_child_nodes(node)


def _excuses(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(name, ast.Name) and name.id in _EXCUSES for name in names)


def _is_dynamic(call: ast.Call) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    first = call.args[0] if call.args else None
    is_text = isinstance(first, ast.Constant) and isinstance(first.value, str) and not first.value.startswith(".")
    return name in ("import_module", "__import__") and is_text
