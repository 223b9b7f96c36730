"""The type checkers that editors run: mypy, and pyright from npm."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from servers.node import node, npm_package

PYRIGHT = "1.1.414"

Place = tuple[str, int]


def mypy(folder: Path, *files: str, stubs: str = "typings") -> set[Place]:
    """Return the file and line of every mypy error, in a project with `mypy_path = typings`."""
    (folder / "mypy.ini").write_text(f"[mypy]\nstrict = True\nmypy_path = {stubs}\n")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--cache-dir", str(folder / ".cache"), *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode > 1 or done.stderr:
        raise AssertionError(f"mypy broke: {done.stdout}{done.stderr}")
    return {(found[1], int(found[2])) for found in re.finditer(r"^(\S+?):(\d+): error:", done.stdout, re.MULTILINE)}


def pyright(folder: Path, *files: str) -> set[Place]:
    """Return the file and line of every pyright error with default settings, which include `typings`."""
    program = npm_package("pyright", PYRIGHT) / "index.js"
    command: list[str | Path] = [node(), program, "--outputjson", "--pythonpath", sys.executable, *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode > 1:
        raise AssertionError(f"pyright broke: {done.stdout}{done.stderr}")
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {
        (Path(item["file"]).relative_to(folder.resolve()).as_posix(), item["range"]["start"]["line"] + 1)
        for item in found
        if item["severity"] == "error"
    }


def _environment() -> dict[str, str]:
    """Return the environment without the paths of this repository, as in another project."""
    return {name: value for name, value in os.environ.items() if name not in {"MYPYPATH", "PYTHONPATH"}}
