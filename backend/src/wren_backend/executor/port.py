"""The port between whoever has a script to run and whatever runs it safely."""

import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal, Protocol

Stream = Literal["stdout", "stderr"]


class RunStatus(StrEnum):
    """How a run ended."""

    SUCCESS = "success"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


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
    output_budget_bytes: int = 64 * 2**20
    """Output that is tolerated; more ends the run."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One function of one script, with the event it gets."""

    run_id: str
    correlation_id: str
    script: str
    filename: str
    func: str
    event: Mapping[str, Any]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Set in the script's process once it runs; never in argv, never in the environment it is started with."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Masked in everything that comes out."""
    allow_hosts: tuple[str, ...] = ()
    """`host:port` of the integrations the script uses; the only places it can connect to."""
    operator_hosts: tuple[str, ...] = ()
    """`host:port` the operator configured; the only ones that may be private addresses."""
    limits: Limits = field(default_factory=Limits)
    definitions: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Integrations the operator declared, as JSON text by name; the sandbox has no other way to know them."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One method call the script made."""

    integration: str
    method: str
    ms: float
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is known once no process of the run is left."""

    status: RunStatus
    isolation: str
    result: Any = None
    error: dict[str, Any] | None = None
    """Wire form of the error: type, code, message, and file, line, traceback where the script failed."""
    calls: tuple[Call, ...] = ()
    calls_dropped: int = 0
    output_bytes: int = 0
    truncated: bool = False
    exit_code: int | None = None
    signal: int | None = None
    duration: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True)
class SandboxStatus:
    """Whether scripts can run here, and if not, why."""

    available: bool
    backend: str
    reason: str = ""
    landlock_abi: int | None = None


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """What a sandbox must hold one process tree to."""

    folder: str
    """The run's own folder: the only thing it can write."""
    limits: Limits
    allow_hosts: tuple[str, ...] = ()
    operator_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A started process tree, as descriptors.

    `control` yields one JSON line per fact: `{"event": "warning", "message"}` and last one of
    `exit` {code, signal}, `timeout`, `breach` {limit}, `killed`, `failure` {message}. Shutting it down for writing
    ends the tree.
    """

    process: subprocess.Popen[bytes]
    """The top of the tree."""
    channel: socket.socket
    control: socket.socket
    stdout: int
    stderr: int


class Sandbox(Protocol):
    """Starts the runner so that it cannot get at anything but what it was given."""

    @property
    def isolation(self) -> str:
        """Short name shown with every run: `sandlock`, `none`."""
        ...

    def status(self) -> SandboxStatus:
        """Check the requirements; cheap enough for a readiness probe."""
        ...

    def launch(self, confinement: Confinement) -> Launch:
        """Start the runner; the caller closes what the Launch holds and waits for its process."""
        ...
