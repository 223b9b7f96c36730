"""Definitions in files: integrations that a person declared on this machine, or an operator for a server.

A file is called like its integration, so that listing names reads none of them.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from wren.api.profile import profile_path

FOLDER_VARIABLE = "WREN_DEFINITIONS"


def definitions_folder(environ: Mapping[str, str]) -> Path:
    """Return where this machine's definitions are: WREN_DEFINITIONS, else `definitions` beside the profile."""
    given = environ.get(FOLDER_VARIABLE)
    return Path(given).expanduser() if given else profile_path(environ).parent / "definitions"


def definition_files(environ: Mapping[str, str]) -> dict[str, Path]:
    """Return this machine's definitions by name; none where the folder is missing or closed, as in a sandbox."""
    try:
        folder = definitions_folder(environ)
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names are all that is needed
    except (OSError, RuntimeError):  # RuntimeError: nobody knows where home is
        return {}
    return {name.removesuffix(".json"): folder / name for name in names if name.endswith(".json")}
