"""The package index, through pip: with pip's configuration, credentials and mirrors."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from wren_core.errors import AgentFixableError

_SECONDS = 120.0
# What pip writes, in warnings or in its error, when the index does not answer.
_NO_ANSWER = re.compile(r"retrying \(|connection|timed? ?out|name resolution|ssl|proxy|50\d (server|service)", re.I)
_NOT_THERE = re.compile(r"no matching distribution|could not find a version", re.I)


class IndexUnreachable(AgentFixableError):
    """The index could not be reached."""

    code = "INDEX_UNREACHABLE"


def download_wheel(requirement: str, into: Path) -> Path | None:
    """Download the newest wheel that fits a requirement; None where the index has none.

    Raises:
        IndexUnreachable: the index does not answer, or there is no pip.
    """
    # Pip reports an index that does not answer only in the warning before a retry.
    options = ["--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--no-input", "--retries", "1"]
    for python in _find_pythons():
        command = [python, "-m", "pip", "download", *options, "--dest", str(into), requirement]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)  # noqa: S603 - no shell
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise IndexUnreachable(f"the package index could not be reached: {type(exc).__name__}") from None
        if done.returncode == 0:
            return next(into.glob("*.whl"))
        if _NOT_THERE.search(done.stderr) and not _NO_ANSWER.search(done.stderr):
            return None
        raise IndexUnreachable(f"the package index could not be reached: {_last_line(done.stderr)}")
    raise IndexUnreachable("the package index could not be reached: there is no pip here")


def _find_pythons() -> Iterator[str]:
    """Yield the interpreters that have pip: this one, else the one its environment was made from."""
    base = str(getattr(sys, "_base_executable", sys.executable))
    for python in dict.fromkeys((sys.executable, base)):
        asked = subprocess.run([python, "-m", "pip", "--version"], capture_output=True)  # noqa: S603 - no shell
        if asked.returncode == 0:
            yield python


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "pip printed nothing"
