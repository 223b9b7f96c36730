"""Finds names that a script uses but does not define, without running it."""

import builtins
from collections.abc import Iterator
from typing import Any

from pyflakes import messages  # type: ignore[import-untyped]  # ships no types
from pyflakes.checker import Checker  # type: ignore[import-untyped]  # ships no types

from wren.checks.finding import Code
from wren.checks.source import Source
from wren_core.nearest import find_nearest, suggest
from wren_core.protocol.findings import ScriptFinding


def check_names(source: Source) -> Iterator[ScriptFinding]:
    """Yield names that are used but not defined, and functions that a later one with the same name replaces."""
    checker = Checker(source.tree, filename=source.file)
    defined = {name for scope in checker.deadScopes for name in scope if isinstance(name, str)}
    for message in checker.messages:
        if isinstance(message, messages.UndefinedName | messages.UndefinedLocal):
            yield _make_undefined_finding(source, message, defined)
        elif isinstance(message, messages.RedefinedWhileUnused):
            yield _make_redefined_finding(source, message)


def _make_undefined_finding(source: Source, message: Any, defined: set[str]) -> ScriptFinding:
    name = message.message_args[0]
    nearest = find_nearest(name, sorted({*defined, *dir(builtins)} - {name}))
    return ScriptFinding(
        code=Code.UNDEFINED_NAME,
        message=f"name {name!r} is used but not defined",
        file=source.file,
        line=message.lineno,
        column=source.column(message.lineno, message.col),
        hint=suggest(nearest, otherwise="define it, or import it"),
    )


def _make_redefined_finding(source: Source, message: Any) -> ScriptFinding:
    name, first_line = message.message_args
    return ScriptFinding(
        code=Code.FUNCTION_REDEFINED,
        message=f"{name!r} is defined again; the one at line {first_line} is never used",
        file=source.file,
        line=message.lineno,
        column=source.column(message.lineno, message.col),
        severity="warning",
    )
