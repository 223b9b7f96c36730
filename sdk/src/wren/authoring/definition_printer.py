"""Loads plugins from a folder and prints their definitions: `python -m wren.authoring.definition_printer`.

It reads `{"points": {name: "module:Class"}, "seconds": 10}` and answers `{"definitions": {...}, "failed": {...}}`.
It is a separate process, so that loading a plugin affects no other; what the plugin prints goes to standard error.
"""

import json
import sys
from contextlib import redirect_stdout
from datetime import timedelta
from typing import Any

from importlib_metadata import EntryPoint

from wren.authoring.project import entry_point_group
from wren_core.contract.definition import IntegrationDefinition
from wren_core.plugins.loading import load_integration
from wren_core.plugins.refusal import RefusedError


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    limit = timedelta(seconds=request["seconds"])
    definitions: dict[str, Any] = {}
    failed: dict[str, str] = {}
    with redirect_stdout(sys.stderr):
        for name, value in request["points"].items():
            try:
                integration = load_integration(EntryPoint(name, value, entry_point_group(value)), limit)
                definitions[name] = IntegrationDefinition.from_spec(integration.full_spec()).to_wire()
            except RefusedError as exc:
                failed[name] = f"{exc.code}: {exc}"
    json.dump({"definitions": definitions, "failed": failed}, sys.stdout)


if __name__ == "__main__":
    main()
