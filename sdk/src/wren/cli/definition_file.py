"""Definition files that the command line writes on this machine."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wren.cli.exit_codes import UsageInvalid
from wren.script.definition_files import definitions_folder
from wren_core.declarative.publication import MAX_BYTES
from wren_core.errors import AgentFixableError
from wren_core.plugins.discovery import integration_names


def local_definition_path(name: str, *, remedy: str) -> Path:
    """Return the path of a definition on this machine.

    Args:
        name: its integration.
        remedy: what to do if an installed distribution offers that name.

    Raises:
        AgentFixableError: DUPLICATE_NAME; with both, neither could be used.
    """
    if name in integration_names():
        raise AgentFixableError(f"an installed distribution offers {name!r}; {remedy}", code="DUPLICATE_NAME")
    return definitions_folder(os.environ) / f"{name}.json"


def write_definition(definition: Mapping[str, Any], path: Path, *, replaces: bool) -> None:
    """Write a definition.

    Raises:
        AgentFixableError: FILE_EXISTS, the path exists; DEFINITION_TOO_LARGE, no program would load it.
        UsageInvalid: the file cannot be written.
    """
    text = json.dumps(definition, indent=2) + "\n"
    if len(text) > MAX_BYTES:
        text = json.dumps(definition) + "\n"
    if len(text) > MAX_BYTES:
        raise AgentFixableError(
            f"the definition has more than {MAX_BYTES // 2**20} MiB and could not be loaded; import the operations you "
            "need with --tag or --operation",
            code="DEFINITION_TOO_LARGE",
        )
    if path.exists() and not replaces:
        raise AgentFixableError(f"{path} already exists; --replace overwrites it", code="FILE_EXISTS")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise UsageInvalid(f"{path} cannot be written: {exc.strerror}") from exc
