"""The sandbox of a machine that has none: it refuses every script, with the reason."""

from pathlib import Path
from typing import NoReturn

from wren_backend.executor.port import Confinement, SandboxStatus
from wren_core.errors import InternalError


class SandboxUnavailable(InternalError):
    """Scripts cannot be run safely on this machine, so they are not run."""

    code = "SANDBOX_UNAVAILABLE"


class RefusingSandbox:
    """Runs nothing.

    Args:
        status: why no sandbox is available here.
    """

    isolation = "refused"

    def __init__(self, status: SandboxStatus) -> None:
        self._status = status

    def status(self) -> SandboxStatus:
        """Return why."""
        return self._status

    def launch(self, _confinement: Confinement, *, folder: Path) -> NoReturn:  # noqa: ARG002 - the port's shape
        """Refuse.

        Raises:
            SandboxUnavailable: always, with the reason and what an operator can do.
        """
        raise SandboxUnavailable(
            f"scripts are not run here: {self._status.reason}. An operator fixes that, or sets WREN_SANDBOX=none "
            "to run scripts without isolation"
        )
