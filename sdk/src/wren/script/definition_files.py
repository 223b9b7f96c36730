"""Definition files: integrations declared by a user on this machine, or by the operator of a server.

A file has the name of its integration, so listing names opens no file.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from wren.api.profile import profile_path

FOLDER_VARIABLE = "WREN_DEFINITIONS"


def definitions_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of definitions: WREN_DEFINITIONS, else `definitions` in the folder of the profile."""
    given = environ.get(FOLDER_VARIABLE)
    return Path(given).expanduser() if given else profile_path(environ).parent / "definitions"


def list_definition_files(environ: Mapping[str, str]) -> dict[str, Path]:
    """Return this machine's definitions by name; none if the folder is missing or unreadable, as in a sandbox."""
    try:
        folder = definitions_folder(environ)
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names are all that is needed
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return {}
    return {name.removesuffix(".json"): folder / name for name in names if name.endswith(".json")}
