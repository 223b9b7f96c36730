"""Builds a source distribution, and a wheel from it."""

import subprocess
import sys
from pathlib import Path

from wren.authoring.author_tools import import_author_tool
from wren_core.errors import AgentFixableError

_SHOWN = 3000


class BuildFailed(AgentFixableError):
    """The build ended with an error; the message holds its end."""

    code = "BUILD_FAILED"


def build(folder: Path, *, into: Path, isolated: bool) -> list[Path]:
    """Build a plugin into an empty folder and return the files, the wheel last.

    Args:
        folder: the plugin.
        into: the empty folder.
        isolated: build in a separate environment, for which the build requirements are downloaded; otherwise with the
            installed ones.

    Raises:
        BuildFailed: with the end of the build's output.
        AuthorToolsMissing: the extra is not installed.
    """
    import_author_tool("build")
    options = [] if isolated else ["--no-isolation"]
    command = [sys.executable, "-m", "build", "--outdir", str(into), *options, str(folder)]
    done = subprocess.run(  # noqa: S603 - the author's own project, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise BuildFailed(f"building {folder} failed:\n{done.stdout[-_SHOWN:].strip()}")
    return sorted(into.glob("*"), key=lambda file: (file.suffix == ".whl", file.name))
