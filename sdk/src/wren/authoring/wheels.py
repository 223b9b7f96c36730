"""Wheels, read without installing them."""

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from packaging.version import Version

from wren.authoring.versions import parse_version
from wren_core.errors import AgentFixableError
from wren_core.plugins.discovery import GROUP
from wren_core.plugins.entry_points import DEFINITIONS_GROUP


class WheelInvalid(AgentFixableError):
    """The file is not a wheel of a plugin."""

    code = "WHEEL_INVALID"


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel and its metadata."""

    file: Path
    metadata: Message
    points: Mapping[str, str]
    """The integrations it offers: name -> `module:Class`."""
    members: tuple[str, ...]

    @property
    def name(self) -> str:
        """The distribution."""
        return str(self.metadata["Name"])

    @property
    def version(self) -> Version:
        """Its version."""
        return parse_version(str(self.metadata["Version"]))

    def unpack(self, into: Path) -> None:
        """Extract its files into a folder for the import path."""
        with ZipFile(self.file) as archive:
            archive.extractall(into)  # refuses members that would leave the folder


def read_wheel(file: Path) -> Wheel:
    """Read a wheel.

    Raises:
        WheelInvalid: it is missing, or is not a wheel.
    """
    try:
        with ZipFile(file) as archive:
            members = tuple(archive.namelist())
            place = next(name for name in members if name.endswith(".dist-info/METADATA")).rpartition("/")[0]
            metadata = message_from_string(archive.read(f"{place}/METADATA").decode())
            entry_points = f"{place}/entry_points.txt"
            text = archive.read(entry_points).decode() if entry_points in members else ""
    except (OSError, BadZipFile, StopIteration, UnicodeDecodeError) as exc:
        raise WheelInvalid(f"{file} is not a wheel: {type(exc).__name__}") from None
    return Wheel(file=file, metadata=metadata, points=_parse_entry_points(text), members=members)


def _parse_entry_points(text: str) -> dict[str, str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    parser.read_string(text)
    groups = [group for group in (DEFINITIONS_GROUP, GROUP) if parser.has_section(group)]
    return {name: value for group in groups for name, value in parser[group].items()}
