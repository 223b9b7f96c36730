"""Report that a fake server cannot run here: a skip on a developer's machine, a failure in CI."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """Skip the calling test with the reason; in CI, where no test may be skipped, fail it."""
    if is_ci():
        pytest.fail(f"not available, and this is CI: {reason}", pytrace=False)
    pytest.skip(reason)


def find_program(name: str, *, package: str) -> str:
    """Return the path of a server that comes from the packages of the system."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if found is None:
        unavailable(f"{name} is not installed; Debian and Ubuntu have it: apt-get install {package}")
    return found


def is_ci() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def wheel_folder(package: str) -> Path:
    """Return the folder of an installed wheel with programs, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        unavailable(f"the wheel with {package} is not installed; `python3 dev.py setup` brings it")
    return Path(spec.origin).parent
