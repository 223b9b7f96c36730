"""`wren up`: replaces this process by the backend, which the SDK knows by name only."""

import os
import sys
from importlib.util import find_spec
from typing import NoReturn

from wren_core.errors import UserFacingConfigError

BACKEND = "wren_backend"


def start_server(arguments: list[str]) -> NoReturn:
    """Replace this process by the backend's `up` command.

    Raises:
        UserFacingConfigError: BACKEND_MISSING, with how to install it.
    """
    require_backend()
    arguments = [argument for argument in arguments if argument != "--json"]  # `--json` is about errors of this process
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", BACKEND, "up", *arguments])  # noqa: S606 - the person's own arguments, no shell


def require_backend() -> None:
    """Check that the backend is installed.

    Raises:
        UserFacingConfigError: BACKEND_MISSING, with how to install it.
    """
    if find_spec(BACKEND) is None:
        raise UserFacingConfigError(
            "the server is not installed here; run `pip install wren-backend`", code="BACKEND_MISSING"
        )
