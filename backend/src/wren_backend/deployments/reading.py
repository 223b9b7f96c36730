"""A script that was read and checked: what it declares, what was found, and what is missing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wren_backend.deployments.declaration import Declaration
from wren_core.errors import AgentFixableError, WrenError
from wren_core.protocol.findings import ScriptFinding
from wren_core.protocol.jobs import JobConnection


class Configured(Protocol):
    """What operator and user configured for a script; no secrets."""

    @property
    def connections(self) -> tuple[JobConnection, ...]:
        """The user's accounts, without credentials."""
        ...

    @property
    def env(self) -> Mapping[str, str]:
        """What the operator configured, by variable."""
        ...


@dataclass(frozen=True, kw_only=True)
class ReadScript:
    """A script without errors."""

    declaration: Declaration
    metadata: Mapping[str, Any]
    findings: tuple[ScriptFinding, ...]
    """Warnings and notes."""
    ai: str | None
    """The ai integration of a script that needs one and names none."""
    problems: tuple[WrenError, ...]
    """Integrations that its user cannot use now."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What would keep a script from being deployed."""

    findings: tuple[ScriptFinding, ...] = ()
    problems: tuple[WrenError, ...] = ()
    warnings: tuple[str, ...] = ()
    """What to know about the integrations it uses."""

    @property
    def is_valid(self) -> bool:
        """Tell whether a deploy would succeed."""
        return not self.problems and not any(item.severity == "error" for item in self.findings)


class ScriptRefused(AgentFixableError):
    """The check of a script has errors; its code is that of the first, and `details` holds all findings."""

    code = "SCRIPT_INVALID"

    def __init__(self, findings: Sequence[ScriptFinding]) -> None:
        errors = [item for item in findings if item.severity == "error"]
        first = errors[0] if errors else None
        more = f"; and {len(errors) - 1} more" if len(errors) > 1 else ""
        hint = f"; {first.hint}" if first and first.hint else ""
        text = f"{first.place}: {first.message}{hint}{more}" if first else "the script could not be read"
        known = {"file": first.file, "line": first.line, "column": first.column} if first and first.line else {}
        place = {name: value for name, value in known.items() if value is not None}
        super().__init__(
            text,
            code=str(first.code) if first else None,
            details={**place, "findings": [item.to_wire() for item in findings]},
        )
        self.findings = tuple(findings)


def combine_problems(problems: Sequence[WrenError]) -> WrenError:
    """Return the first problem with all of them in its details."""
    first = problems[0]
    first.details["problems"] = [problem.to_wire() for problem in problems]
    return first
