"""Facts about this repository for the checks: its distributions, their metadata, their files."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# A checkout may belong to a different account than the one that runs the tests.
GIT = ("git", "-c", "safe.directory=*")
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())
MEMBERS = sorted(
    found.parent
    for pattern in CONFIGURATION["tool"]["uv"]["workspace"]["members"]
    for found in ROOT.glob(f"{pattern}/pyproject.toml")
)
METADATA: dict[Path, dict[str, Any]] = {
    member: tomllib.loads((member / "pyproject.toml").read_text()) for member in MEMBERS
}
INTEGRATIONS = {
    member: METADATA[member]["project"]["entry-points"]["wren.integrations"]
    for member in MEMBERS
    if "wren.integrations" in METADATA[member]["project"].get("entry-points", {})
}
HOSTS = [member for member in MEMBERS if member not in INTEGRATIONS]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def sources(*members: Path) -> list[Path]:
    """Return the modules of these distributions, or of all of them."""
    return sorted(path for member in members or MEMBERS for path in (member / "src").rglob("*.py"))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(parsed(path))


def committed_files(*folders: Path) -> list[Path]:
    """Return the files that a commit of these folders, or of the whole tree, would contain."""
    listing = [*GIT, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *map(str, folders)]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def requirement_name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()
