"""A script that was read and checked: what it declares, what was found, and what is missing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wren_backend.deployments.declaration import Declaration
from wren_core.errors import AgentFixableError, PluginFailed, WrenError
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
        errors = _list_errors(findings)
        super().__init__(
            _describe_errors(errors), code=str(errors[0].code) if errors else None, details=_detail(findings)
        )
        self.findings = tuple(findings)


class ScriptNeedsPlugin(PluginFailed):
    """The script is fine, but plugins that it uses could not be loaded: a matter of the operator."""

    def __init__(self, findings: Sequence[ScriptFinding]) -> None:
        super().__init__(_describe_errors(_list_errors(findings)), details=_detail(findings))
        self.findings = tuple(findings)


def make_refusal(findings: Sequence[ScriptFinding]) -> ScriptRefused | ScriptNeedsPlugin:
    """Return the error for a script with errors, by who can fix them: its author, or only the operator."""
    codes = {item.code for item in _list_errors(findings)}
    return ScriptNeedsPlugin(findings) if codes == {PluginFailed.code} else ScriptRefused(findings)


def _list_errors(findings: Sequence[ScriptFinding]) -> list[ScriptFinding]:
    return [item for item in findings if item.severity == "error"]


def _describe_errors(errors: Sequence[ScriptFinding]) -> str:
    if not errors:
        return "the script could not be read"
    first, more = errors[0], f"; and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"{first.place}: {first.message}{f'; {first.hint}' if first.hint else ''}{more}"


def _detail(findings: Sequence[ScriptFinding]) -> dict[str, Any]:
    """Return the place of the first error, where it has one, and all findings."""
    first = next(iter(_list_errors(findings)), None)
    known = {"file": first.file, "line": first.line, "column": first.column} if first and first.line else {}
    place = {name: value for name, value in known.items() if value is not None}
    return {**place, "findings": [item.to_wire() for item in findings]}


def combine_problems(problems: Sequence[WrenError]) -> WrenError:
    """Return the first problem with all of them in its details."""
    first = problems[0]
    first.details["problems"] = [problem.to_wire() for problem in problems]
    return first
