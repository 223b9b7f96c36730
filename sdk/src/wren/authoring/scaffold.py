"""`wren plugin new`: renders a complete plugin, with tests, for its author to change."""

import keyword
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from wren.authoring.author_tools import import_author_tool
from wren_core.contract.spec import IntegrationType
from wren_core.errors import AgentFixableError
from wren_core.plugins.discovery import find_entry_points

AuthKind = Literal["oauth2", "apikey", "basic", "token", "custom", "none"]

TEMPLATE = Path(__file__).with_name("template")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
# Names that a generated module already uses.
_TAKEN = frozenset({"Completion", "Document", "Integration", "IntegrationSpec", "Item", "Record"})


class NameInvalid(AgentFixableError):
    """The name is not valid for an integration."""

    code = "PLUGIN_NAME_INVALID"


class FolderTaken(AgentFixableError):
    """The folder exists and is not empty."""

    code = "FOLDER_TAKEN"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plugin to make."""

    name: str
    auth: AuthKind = "apikey"
    type: IntegrationType = "integration"

    def __post_init__(self) -> None:
        _check_name(self.name)

    @property
    def title(self) -> str:
        """The name people read."""
        return " ".join(part.capitalize() for part in self.name.split("_") if part)

    @property
    def class_name(self) -> str:
        """The name of the integration class."""
        name = self.title.replace(" ", "")
        return f"{name}Service" if name in _TAKEN else name

    @property
    def dashed(self) -> str:
        """The name as distributions and hosts write it."""
        return re.sub("_+", "-", self.name.strip("_"))

    @property
    def distribution(self) -> str:
        """The name of the distribution, and of its folder."""
        return f"wren-{self.dashed}"


def render_plugin(plan: Plan, parent: Path) -> Path:
    """Render a plugin into a new folder below `parent` and return it.

    Raises:
        FolderTaken: it exists and is not empty.
        AuthorToolsMissing: the extra is not installed.
    """
    folder = parent / plan.distribution
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise FolderTaken(f"{folder} already exists; choose another name, another place with --into, or remove it")
    answers = {
        **asdict(plan),
        "title": plan.title,
        "class_name": plan.class_name,
        "dashed": plan.dashed,
        "host": f"{plan.dashed}.example",
        "contract": _contract_range(version("wren-core")),
    }
    import_author_tool("copier").run_copy(str(TEMPLATE), str(folder), data=answers, defaults=True, quiet=True)
    return folder


def find_clash(name: str) -> str | None:
    """Return the installed distribution that offers an integration of this name already, or None."""
    return next((point.dist.name for point in find_entry_points() if point.name == name and point.dist), None)


def _check_name(name: str) -> None:
    if keyword.iskeyword(name):
        raise NameInvalid(f"{name!r} is a Python keyword, so no script could write wren.integrations.{name}")
    if not _NAME.fullmatch(name):
        usable = re.sub(r"[^a-z0-9]+", "_", name.lower().removeprefix("wren-")).strip("_0123456789")[:63]
        hint = f"; did you mean {usable!r}?" if _NAME.fullmatch(usable) and not keyword.iskeyword(usable) else ""
        raise NameInvalid(f"{name!r} must be lower-case letters, digits and underscores, and start with a letter{hint}")


def _contract_range(installed: str) -> str:
    """Return the versions of the contract a plugin asks for: those that break nothing it was made with."""
    major, minor = installed.split(".")[:2]
    return f">={major}.{minor},<{int(major) + 1}" if major != "0" else f">=0.{minor},<0.{int(minor) + 1}"
