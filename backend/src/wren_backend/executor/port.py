"""The port between a worker that has a script to run and a sandbox that runs it."""

import socket
import subprocess
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

from wren_backend.executor.launcher.policy import Limits
from wren_core.protocol.calls import CallRecord
from wren_core.protocol.findings import ScriptFinding

Stream = Literal["stdout", "stderr"]


class OutcomeStatus(StrEnum):
    """How an execution ended; the values are those of a finished run's status."""

    SUCCESS = "success"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is known once no process of the run is left."""

    status: OutcomeStatus
    isolation: str
    result: Any = None
    error: dict[str, Any] | None = None
    """Wire form of the error: type, code, message, and file, line, traceback where the script failed."""
    findings: tuple[ScriptFinding, ...] = ()
    """What the check of a described script found."""
    calls: tuple[CallRecord, ...] = ()
    calls_dropped: int = 0
    output_bytes: int = 0
    truncated: bool = False
    exit_code: int | None = None
    signal: int | None = None
    survivors: bool = False
    """Whether some of its processes could not be ended."""
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
    """The limits and the hosts that a sandbox enforces on one process tree."""

    limits: Limits = field(default_factory=Limits)
    allow_hosts: tuple[str, ...] = ()
    """`host:port` of the integrations the script uses; the only places it can connect to."""
    operator_hosts: tuple[str, ...] = ()
    """`host:port` the operator configured; the only ones that may be private addresses."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A started process tree, as descriptors.

    `control` yields one line per `launcher.report.Report`. Shutting it down for writing ends the tree.
    """

    process: subprocess.Popen[bytes]
    """The top of the tree."""
    channel: socket.socket
    control: socket.socket
    stdout: int
    stderr: int


class Sandbox(Protocol):
    """Starts the runner so that it can reach only what it was given."""

    @property
    def isolation(self) -> str:
        """Short name shown with every run: `sandlock`, `none`."""
        ...

    def status(self) -> SandboxStatus:
        """Check the requirements; cheap enough for a readiness probe."""
        ...

    def launch(self, confinement: Confinement, *, folder: Path) -> Launch:
        """Start the runner, which may write `folder` only; the caller closes the Launch and waits for its process."""
        ...
