"""What a launcher runs, and within which limits: one JSON line on its control socket.

Standard library only: the launcher starts without site-packages, and the policy never passes through argv or the
environment, which other processes of the machine can read.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Literal

Isolation = Literal["sandlock", "none"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one run may use, all its processes together unless said otherwise."""

    wall: timedelta = timedelta(minutes=5)
    memory_bytes: int = 512 * 2**20
    processes: int = 32
    threads: int = 256
    open_files: int = 256
    """Per process."""
    file_bytes: int = 64 * 2**20
    """Size of any one file."""
    disk_bytes: int = 256 * 2**20
    disk_entries: int = 10_000
    output_bytes: int = 2**20
    """Output that is kept; what exceeds it is read and counted, so that the script does not block."""
    output_lines: int = 20_000
    """Lines of output that are kept."""
    output_budget_bytes: int = 64 * 2**20
    """Output that is tolerated; more ends the run."""


@dataclass(frozen=True, kw_only=True)
class LaunchPolicy:
    """Everything the launcher needs."""

    isolation: Isolation
    argv: list[str]
    env: dict[str, str]
    folder: str
    """The one folder the process may write: its working directory, HOME and TMPDIR."""
    limits: Limits
    readable: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    """Paths inside a readable tree that are nevertheless refused."""
    allow_hosts: list[str] = field(default_factory=list)
    operator_hosts: list[str] = field(default_factory=list)
    """`host:port` that may be private addresses, because the operator named them."""

    def to_line(self) -> bytes:
        """Return the policy as one line of JSON."""
        return json.dumps(asdict(self), default=timedelta.total_seconds).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "LaunchPolicy":
        """Rebuild the policy that `to_line` wrote."""
        fields: dict[str, Any] = json.loads(line)
        limits = fields.pop("limits")
        return cls(limits=Limits(**{**limits, "wall": timedelta(seconds=limits["wall"])}), **fields)
