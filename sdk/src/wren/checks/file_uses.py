"""The files that a script names: read, written, or kept for the next run."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wren.checks.scopes import Scope, ScopedNode

_READS = frozenset({"read_text", "read_bytes"})
_WRITES = frozenset({"write_text", "write_bytes"})
_DATABASES = frozenset({("sqlite3", "connect"), ("shelve", "open"), ("dbm", "open")})
_TEMPORARY = ("/tmp/", "/dev/", "/proc/", "/etc/", "/usr/")  # noqa: S108 - names are compared, nothing is opened
_MOST_STEPS = 8


@dataclass(frozen=True, kw_only=True)
class FileUse:
    """One use of one file."""

    node: ast.Call
    path: str
    writes: bool
    keeps: bool = False
    """It also reads what an earlier run left: append, update, a database."""


def list_file_uses(places: Iterable[ScopedNode]) -> list[FileUse]:
    """Return the uses of files whose names are literals, in the order of the text."""
    found = [use for place in places if isinstance(place.node, ast.Call) for use in _read_use(place.node, place.scope)]
    return sorted(found, key=lambda use: (use.node.lineno, use.node.col_offset))


def _read_use(call: ast.Call, scope: Scope) -> Iterator[FileUse]:
    match call.func:
        case ast.Name(id="open") if call.args and scope.find("open") is None:
            yield from _make_open(call, call.args[0], call.args[1:2], scope)
        case ast.Attribute(value=ast.Name(id=module), attr=name) if (module, name) in _DATABASES and call.args:
            yield from _make(call, call.args[0], scope, writes=True, keeps=True)
        case ast.Attribute(value=owner, attr="open"):
            yield from _make_open(call, owner, call.args[:1], scope)
        case ast.Attribute(value=owner, attr=name) if name in _READS | _WRITES:
            yield from _make(call, owner, scope, writes=name in _WRITES)


def _make_open(call: ast.Call, path: ast.expr, modes: list[ast.expr], scope: Scope) -> Iterator[FileUse]:
    given = [*modes, *(item.value for item in call.keywords if item.arg == "mode")]
    mode = given[0].value if given and isinstance(given[0], ast.Constant) else "r" if not given else None
    if isinstance(mode, str):
        writes = any(letter in mode for letter in "wax+")
        yield from _make(call, path, scope, writes=writes, keeps="a" in mode or "+" in mode)


def _make(call: ast.Call, path: ast.expr, scope: Scope, *, writes: bool, keeps: bool = False) -> Iterator[FileUse]:
    text = _read_path(path, scope)
    if text and text != ":memory:" and not text.startswith(_TEMPORARY):
        yield FileUse(node=call, path=text, writes=writes, keeps=keeps)


def _read_path(node: ast.expr, scope: Scope, steps: int = 0) -> str | None:
    """Return a path that is written in the script, by way of names and `Path(...)`."""
    if steps > _MOST_STEPS:
        return None
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Call(func=ast.Name(id="Path") | ast.Attribute(attr="Path"), args=[only]):
            return _read_path(only, scope, steps + 1)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            first, second = _read_path(left, scope, steps + 1), _read_path(right, scope, steps + 1)
            return f"{first}/{second}" if first and second else None
        case ast.Name(id=name):
            found = scope.find(name)
            if found is not None and len(found[1]) == 1 and isinstance(found[1][0], ast.expr):
                return _read_path(found[1][0], found[0], steps + 1)
    return None
