"""Findings of a check, with a JSON form and a stable code for each kind."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["error", "warning"]


class Code(StrEnum):
    """Every kind of finding. Codes are part of the interface: tools match on them."""

    SCRIPT_TOO_LARGE = "SCRIPT_TOO_LARGE"
    SCRIPT_EMPTY = "SCRIPT_EMPTY"
    SCRIPT_NUL = "SCRIPT_NUL"
    SCRIPT_NOT_UTF8 = "SCRIPT_NOT_UTF8"
    SYNTAX_ERROR = "SYNTAX_ERROR"
    UNDEFINED_NAME = "UNDEFINED_NAME"
    FUNCTION_REDEFINED = "FUNCTION_REDEFINED"
    WREN_NAME_UNKNOWN = "WREN_NAME_UNKNOWN"
    CRON_INVALID = "CRON_INVALID"
    TRIGGER_INVALID = "TRIGGER_INVALID"
    TRIGGER_MISSING = "TRIGGER_MISSING"
    FUNCTION_SIGNATURE = "FUNCTION_SIGNATURE"
    INTEGRATION_UNKNOWN = "INTEGRATION_UNKNOWN"
    PLUGIN_FAILED = "PLUGIN_FAILED"
    INIT_MISSING = "INIT_MISSING"
    CONFIG_INVALID = "CONFIG_INVALID"
    ACCOUNT_NOT_LITERAL = "ACCOUNT_NOT_LITERAL"
    METHOD_UNKNOWN = "METHOD_UNKNOWN"
    ARGUMENT_UNKNOWN = "ARGUMENT_UNKNOWN"
    ARGUMENT_MISSING = "ARGUMENT_MISSING"
    ARGUMENT_INVALID = "ARGUMENT_INVALID"
    IMPORT_FAILED = "IMPORT_FAILED"
    IMPORT_TIMED_OUT = "IMPORT_TIMED_OUT"
    IMPORT_EXITED = "IMPORT_EXITED"
    CHECK_INCOMPLETE = "CHECK_INCOMPLETE"


class ScriptFinding(BaseModel):
    """One problem of a script, and how to fix it."""

    model_config = ConfigDict(frozen=True)

    code: Code
    message: str
    file: str
    line: int | None = None
    """Counted from 1."""
    column: int | None = None
    """Counted from 1, in characters."""
    severity: Severity = "error"
    hint: str | None = None
    """The next step, if the message does not say it."""

    @property
    def place(self) -> str:
        """`file:line:column`, as editors understand it."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class ScriptReport(BaseModel):
    """All findings of one script, and its metadata if it could be imported."""

    model_config = ConfigDict(frozen=True)

    file: str
    findings: tuple[ScriptFinding, ...] = ()
    metadata: dict[str, Any] | None = None
    """`integrations`, `accounts`, `triggers` and `schedules`, as a deployment carries them."""

    @property
    def errors(self) -> tuple[ScriptFinding, ...]:
        """The findings that prevent a deployment."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def is_ok(self) -> bool:
        """Tell whether there are no errors; warnings do not count."""
        return not self.errors

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        body = self.model_dump(mode="json", exclude={"findings"})
        findings = [finding.model_dump(mode="json", exclude_none=True) for finding in self.findings]
        return {"ok": self.is_ok, **body, "findings": findings}


def sort_findings(findings: Iterable[ScriptFinding]) -> tuple[ScriptFinding, ...]:
    """Return the findings without duplicates, in the order of the script; those without a line come first."""
    once = dict.fromkeys(findings)
    return tuple(sorted(once, key=lambda finding: (finding.line or 0, finding.column or 0)))
