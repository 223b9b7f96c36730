"""`wren integrations import`."""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wren.cli.definition_file import local_definition_path, write_definition
from wren.cli.exit_codes import UsageInvalid
from wren.cli.screen import Screen
from wren.openapi.choice import Choice
from wren.openapi.files import Folder
from wren.openapi.importer import ImportResult, import_document
from wren.openapi.node import SourceDocument
from wren.openapi.text import check_object, read_document

_STANDARD_STREAM = "-"
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """The options of the command."""

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


def import_definition(wanted: ImportOptions, *, as_json: bool) -> None:
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
    imported = import_document(_read_source(wanted.file), choice)
    definition = imported.definition.to_wire()
    path = _write_result(wanted, imported.definition.integration_id, definition)
    _show_result(screen, imported, path, definition)


def _read_source(file: str) -> Mapping[str, Any] | SourceDocument:
    """Return the document, and with it the files in its folder, to which it may refer."""
    text = _read_text(file)
    if file == _STANDARD_STREAM:
        return read_document(text)
    document = Folder(Path(file).parent).main(Path(file).name, text)
    check_object(document.content)
    return document


def _read_text(file: str) -> str:
    try:
        if file == _STANDARD_STREAM:
            return sys.stdin.read()
        return Path(file).read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise UsageInvalid(f"{file} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise UsageInvalid(f"{file} is not UTF-8 text") from exc


def _write_result(wanted: ImportOptions, name: str, definition: dict[str, Any]) -> Path | None:
    """Write the definition and return its path; None where it goes to standard output."""
    if wanted.output == _STANDARD_STREAM:
        return None
    path = (
        Path(wanted.output) if wanted.output else local_definition_path(name, remedy="choose another name with --name")
    )
    write_definition(definition, path, replaces=wanted.replaces)
    return path


def _show_result(screen: Screen, imported: ImportResult, path: Path | None, definition: dict[str, Any]) -> None:
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
        _show_skipped(screen, imported)


def _show_skipped(screen: Screen, imported: ImportResult) -> None:
    for item in imported.skipped[:_SHOWN]:
        screen.note(f"skipped {item.operation}: {item.reason}", style="yellow")
    if len(imported.skipped) > _SHOWN:
        screen.note(f"and {len(imported.skipped) - _SHOWN} more; --json lists all of them", style="yellow")
    # A warning about many methods is printed once.
    counted = Counter(text.partition(": ")[2] or text for text in imported.warnings)
    for text, times in counted.most_common(_SHOWN):
        screen.note(f"note: {text}{f' ({times} methods)' if times > 1 else ''}")
