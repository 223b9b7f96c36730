"""The disabled plugins: one small file for each, in a folder of their Python environment.

A file for each name instead of one list: creating and removing a file is atomic, so two changes at once lose nothing,
and no half-written list can keep a host from starting.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from wren_core.errors import UserFacingConfigError

FOLDER_VARIABLE = "WREN_PLUGINS_FOLDER"
_SUFFIX = ".disabled"


class DisabledPlugins:
    """Which plugins are switched off, by the names of their entry points."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> "DisabledPlugins":
        """Return the disabled plugins of this Python environment, or of the folder in WREN_PLUGINS_FOLDER."""
        folder = environ.get(FOLDER_VARIABLE)
        return cls(Path(folder).expanduser() if folder else Path(sys.prefix) / "etc" / "wren" / "plugins")

    def names(self) -> frozenset[str]:
        """Return the names that are switched off.

        Raises:
            UserFacingConfigError: PLUGINS_FOLDER_UNUSABLE, because a plugin must not come back unnoticed.
        """
        try:
            entries = os.listdir(self.folder)  # noqa: PTH208 - names are enough, without a Path for each
        except FileNotFoundError:
            return frozenset()
        except OSError as exc:
            raise self._unusable("be read", exc) from exc
        return frozenset(unquote(entry.removesuffix(_SUFFIX)) for entry in entries if entry.endswith(_SUFFIX))

    def add(self, name: str) -> bool:
        """Switch a plugin off; return whether it was on."""
        try:
            self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as exc:
            raise self._unusable("be made", exc) from exc
        try:
            self._mark(name).touch(mode=0o644, exist_ok=False)
        except FileExistsError:
            return False
        except OSError as exc:
            raise self._unusable("be written", exc) from exc
        return True

    def remove(self, name: str) -> bool:
        """Switch a plugin on; return whether it was off."""
        try:
            self._mark(name).unlink()
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise self._unusable("be written", exc) from exc
        return True

    def _mark(self, name: str) -> Path:
        return self.folder / (quote(name, safe="") + _SUFFIX)  # the name of an entry point may be `../x`

    def _unusable(self, what: str, exc: OSError) -> UserFacingConfigError:
        return UserFacingConfigError(
            f"{self.folder} cannot {what}: {exc.strerror}; do it as the owner of this Python environment, "
            f"or set {FOLDER_VARIABLE} to a folder of yours, for every process that loads plugins",
            code="PLUGINS_FOLDER_UNUSABLE",
            details={"folder": str(self.folder)},
        )
