"""Definitions that the command line puts among those of this machine: where they go, and what keeps one from it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wren.cli.exit_codes import UsageInvalid
from wren.script.definition_files import definitions_folder
from wren_core.errors import AgentFixableError
from wren_core.plugins.discovery import integration_names


def own_path(name: str, *, remedy: str) -> Path:
    """Return where a definition is one of this machine's.

    Args:
        name: its integration.
        remedy: what to do where an installed distribution has that name.

    Raises:
        AgentFixableError: DUPLICATE_NAME; with both there, neither could be used.
    """
    if name in integration_names():
        raise AgentFixableError(f"an installed distribution offers {name!r}; {remedy}", code="DUPLICATE_NAME")
    return definitions_folder(os.environ) / f"{name}.json"


def write_definition(definition: Mapping[str, Any], path: Path, *, replaces: bool) -> None:
    """Write a definition.

    Raises:
        AgentFixableError: FILE_EXISTS, something is there already.
        UsageInvalid: nothing can be written there.
    """
    if path.exists() and not replaces:
        raise AgentFixableError(f"{path} is there already; --replace writes over it", code="FILE_EXISTS")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(definition, indent=2) + "\n", encoding="utf-8")
    except OSError as exc:
        raise UsageInvalid(f"{path} cannot be written: {exc.strerror}") from exc
