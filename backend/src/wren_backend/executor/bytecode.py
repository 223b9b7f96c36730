"""Compiles in advance what every run imports.

A sandboxed script cannot write `__pycache__`; without this it would compile its imports again in every run, which
takes longer than the run. Some installers (uv) leave compiling to the first import.
"""

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from wren_backend.executor.readable_paths import list_editable_sources

_ROOTS = ("wren-sdk",)
_GROUP = "wren.integrations"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_SECONDS = 300


def compile_imports() -> bool:
    """Compile the SDK, every installed integration and all they depend on; return whether all of it succeeded.

    The first call takes seconds, later ones a moment. Folders that belong to another user stay as they are.
    """
    folders = {folder for name in list_distributions() for folder in list_folders(name)} | {*list_editable_sources()}
    command = [sys.executable, "-I", "-m", "compileall", "-q", *sorted(map(str, folders))]
    try:
        return subprocess.run(command, check=False, capture_output=True, timeout=_SECONDS).returncode == 0  # noqa: S603 - our own folders
    except subprocess.TimeoutExpired:
        return False


def list_distributions() -> set[str]:
    """Return the SDK, the distributions of installed integrations, and everything they require."""
    owners = {entry.dist.name for entry in importlib.metadata.entry_points(group=_GROUP) if entry.dist}
    waiting = {_normal(name) for name in {*_ROOTS, *owners}}
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= _required_by(name) - found
    return found


def list_folders(distribution: str) -> set[Path]:
    """Return the package folders of an installed distribution; none when it is not installed."""
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return set()
    folders = {Path(str(file.locate())).parent for file in files if file.suffix == ".py" and len(file.parts) > 1}
    return _outermost(folders)


def _required_by(distribution: str) -> set[str]:
    try:
        requirements = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return set()
    required = (_NAME.match(text) for text in requirements if "extra ==" not in text)
    return {_normal(match.group()) for match in required if match}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _outermost(folders: Iterable[Path]) -> set[Path]:
    every = set(folders)
    return {folder for folder in every if not any(parent in every for parent in folder.parents)}
