"""`wren integrations import`."""

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wren.cli.definition_file import own_path, write_definition
from wren.cli.exit_codes import UsageInvalid
from wren.cli.screen import Screen
from wren.openapi.choice import Choice
from wren.openapi.document import read_document
from wren.openapi.importing import Imported, import_document

_STANDARD_STREAM = "-"
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the command line says."""

    file: str
    name: str | None
    tags: tuple[str, ...]
    operations: tuple[str, ...]
    server: str | None
    config: tuple[str, ...]
    omit: tuple[str, ...]
    auth: str | None
    allows_missing: bool
    output: str | None
    replaces: bool


def import_definition(wanted: Wanted, *, as_json: bool) -> None:
    """Read a document, write its definition, and report."""
    screen = Screen(as_json=as_json)
    choice = Choice(
        name=wanted.name,
        tags=wanted.tags,
        operations=wanted.operations,
        server=wanted.server,
        config=wanted.config,
        omit=frozenset(wanted.omit),
        auth=wanted.auth,
        allows_missing=wanted.allows_missing,
    )
    imported = import_document(read_document(_text(wanted.file)), choice)
    definition = imported.definition.to_wire()
    path = _written(wanted, imported.definition.integration_id, definition)
    _report(screen, imported, path, definition)


def _text(file: str) -> str:
    try:
        if file == _STANDARD_STREAM:
            return sys.stdin.read()
        return Path(file).read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise UsageInvalid(f"{file} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise UsageInvalid(f"{file} is no text in UTF-8") from exc


def _written(wanted: Wanted, name: str, definition: dict[str, Any]) -> Path | None:
    """Write the definition and return where; None where it goes to standard output."""
    if wanted.output == _STANDARD_STREAM:
        return None
    path = Path(wanted.output) if wanted.output else own_path(name, remedy="choose another name with --name")
    write_definition(definition, path, replaces=wanted.replaces)
    return path


def _report(screen: Screen, imported: Imported, path: Path | None, definition: dict[str, Any]) -> None:
    answer = {
        "name": imported.definition.integration_id,
        "file": None if path is None else str(path),
        "auth_type": imported.definition.auth_type,
        "methods": [{"id": name, "operation": operation} for name, operation in imported.operations.items()],
        "skipped": [{"operation": item.operation, "reason": item.reason} for item in imported.skipped],
        "warnings": list(imported.warnings),
    }
    screen.answer(answer if path is not None else {**answer, "definition": definition})
    if path is None and not screen.as_json:
        sys.stdout.write(json.dumps(definition, indent=2) + "\n")
    elif path is not None:
        counted = f"{len(imported.operations)} methods, {len(imported.skipped)} operations skipped"
        screen.line(f"{answer['name']}: {counted}", style="green")
        screen.line(f"  written to {path}")
    if not screen.as_json:
        _tell(screen, imported)


def _tell(screen: Screen, imported: Imported) -> None:
    for item in imported.skipped[:_SHOWN]:
        screen.note(f"skipped {item.operation}: {item.reason}", style="yellow")
    if len(imported.skipped) > _SHOWN:
        screen.note(f"and {len(imported.skipped) - _SHOWN} more; --json lists all of them", style="yellow")
    # What is said of many methods is said once.
    said = Counter(text.partition(": ")[2] or text for text in imported.warnings)
    for text, times in said.most_common(_SHOWN):
        screen.note(f"note: {text}{f' ({times} methods)' if times > 1 else ''}")
