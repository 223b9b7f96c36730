"""What a launcher is told to run and how tightly: one JSON line on its control socket.

Standard library only: the launcher starts without site-packages, and the policy never passes through argv or the
environment, which other processes of the machine can read.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Isolation = Literal["sandlock", "none"]


@dataclass(frozen=True, kw_only=True)
class LaunchPolicy:
    """Everything the launcher needs; JSON values only."""

    isolation: Isolation
    argv: list[str]
    env: dict[str, str]
    folder: str
    """The one folder the process may write: its working directory, HOME and TMPDIR."""
    readable: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    """Paths inside a readable tree that are refused all the same."""
    allow_hosts: list[str] = field(default_factory=list)
    operator_hosts: list[str] = field(default_factory=list)
    """`host:port` that may be private addresses, because the operator named them."""
    wall_seconds: float
    memory_bytes: int
    processes: int
    threads: int
    open_files: int
    file_bytes: int
    disk_bytes: int
    disk_entries: int

    def to_line(self) -> bytes:
        """Return the policy as one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "LaunchPolicy":
        """Rebuild the policy that `to_line` wrote."""
        fields: dict[str, Any] = json.loads(line)
        return cls(**fields)
