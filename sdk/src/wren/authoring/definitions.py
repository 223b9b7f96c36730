"""The definitions of plugins that are not installed: of a folder, of a wheel, of a file.

They are loaded in a child process, so that two versions of one plugin can be compared, a broken one does no harm
here, and an edited one is read again.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from wren.authoring.project import PluginProject
from wren_core.contract.definition import IntegrationDefinition
from wren_core.errors import AgentFixableError

_LOAD_SECONDS = 20.0
# The plugin's own time limit comes first; this one also covers the start of the process.
_CHILD_SECONDS = 60.0
_SHOWN = 2000


class DefinitionUnreadable(AgentFixableError):
    """A definition is not valid, or the plugin cannot be loaded."""

    code = "DEFINITION_UNREADABLE"


@dataclass(frozen=True, kw_only=True)
class LoadedDefinitions:
    """The definitions of a plugin's integrations, and the failures."""

    definitions: Mapping[str, IntegrationDefinition] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    """Name -> code and reason."""


def load_definitions(source: Path, points: Mapping[str, str]) -> LoadedDefinitions:
    """Load integrations from a folder on the import path.

    Args:
        source: the folder that holds the package.
        points: name -> `module:Class`.

    Raises:
        DefinitionUnreadable: the process that loads them crashed.
    """
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH")]))}
    request = json.dumps({"points": dict(points), "seconds": _LOAD_SECONDS})
    command = [sys.executable, "-m", "wren.authoring.definition_printer"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module; it loads the author's own plugin
            command, input=request, env=variables, capture_output=True, text=True, timeout=_CHILD_SECONDS
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as exc:
        output = exc.stderr if isinstance(exc, subprocess.TimeoutExpired) else done.stderr
        raise DefinitionUnreadable(f"{source}: loading the plugin failed: {str(output or exc)[-_SHOWN:]}") from None
    definitions = {name: IntegrationDefinition.model_validate(item) for name, item in answer["definitions"].items()}
    return LoadedDefinitions(definitions=definitions, failed=answer["failed"])


def load_project_definitions(project: PluginProject) -> Mapping[str, IntegrationDefinition]:
    """Return the definitions of a plugin's folder.

    Raises:
        DefinitionUnreadable: an integration cannot be loaded; the message says why.
    """
    described = load_definitions(project.source, project.integrations)
    if described.failed:
        name, reason = next(iter(described.failed.items()))
        raise DefinitionUnreadable(f"{name} cannot be loaded from {project.folder}: {reason}")
    return described.definitions


def read_definitions(file: Path) -> dict[str, IntegrationDefinition]:
    """Read definitions from JSON: one, as `wren integrations show NAME --json` prints it, or a list of them.

    Raises:
        DefinitionUnreadable: the file is missing, or holds something else.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        found = document.get("definitions", document) if isinstance(document, dict) else document
        items = found if isinstance(found, list) else [found]
        definitions = [IntegrationDefinition.model_validate(item) for item in items]
    except (OSError, ValueError, ValidationError) as exc:
        reason = str(exc).partition("\n")[0]
        raise DefinitionUnreadable(f"{file} is not the definition of an integration: {reason}") from None
    return {item.integration_id: item for item in definitions}
