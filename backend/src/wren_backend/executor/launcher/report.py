"""What the launcher's processes report: one JSON line each, from the supervisor to the guard and from it to the worker.

Standard library only, like everything the launcher imports.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Report:
    """One fact about a process tree. Warnings come while it runs; one of the others comes last."""

    event: Literal["warning", "exit", "breach", "failure", "timeout", "killed"]
    message: str = ""
    """Text of a warning or a failure."""
    code: int | None = None
    """Exit code of the runner; None when a signal ended it."""
    signal: int | None = None
    limit: str = ""
    """The limit that was exceeded: memory, threads or disk."""
    survivors: bool = False
    """Whether processes are left that could not be ended."""

    def to_line(self) -> bytes:
        """Return the report as one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Report":
        """Rebuild the report that `to_line` wrote."""
        fields: dict[str, Any] = json.loads(line)
        return cls(**fields)
