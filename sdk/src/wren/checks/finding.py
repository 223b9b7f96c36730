"""Findings of a check, with a JSON form and a stable code for each kind."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from wren_core.protocol.findings import ScriptFinding


class Code(StrEnum):
    """Every kind of finding. Codes are part of the interface: tools match on them."""

    SCRIPT_TOO_LARGE = "SCRIPT_TOO_LARGE"
    SCRIPT_EMPTY = "SCRIPT_EMPTY"
    SCRIPT_NUL = "SCRIPT_NUL"
    SCRIPT_NOT_UTF8 = "SCRIPT_NOT_UTF8"
    SYNTAX_ERROR = "SYNTAX_ERROR"
    UNDEFINED_NAME = "UNDEFINED_NAME"
    FUNCTION_REDEFINED = "FUNCTION_REDEFINED"
    NAME_OVERWRITTEN = "NAME_OVERWRITTEN"
    MODULE_MISSING = "MODULE_MISSING"
    WREN_NAME_UNKNOWN = "WREN_NAME_UNKNOWN"
    CRON_INVALID = "CRON_INVALID"
    TRIGGER_INVALID = "TRIGGER_INVALID"
    TRIGGER_MISSING = "TRIGGER_MISSING"
    TRIGGER_LOST = "TRIGGER_LOST"
    FUNCTION_SIGNATURE = "FUNCTION_SIGNATURE"
    EVENT_NOT_GIVEN = "EVENT_NOT_GIVEN"
    INTEGRATION_UNKNOWN = "INTEGRATION_UNKNOWN"
    PLUGIN_FAILED = "PLUGIN_FAILED"
    INIT_MISSING = "INIT_MISSING"
    CONFIG_INVALID = "CONFIG_INVALID"
    CONFIG_MISSING = "CONFIG_MISSING"
    ACCOUNT_NOT_LITERAL = "ACCOUNT_NOT_LITERAL"
    METHOD_UNKNOWN = "METHOD_UNKNOWN"
    METHOD_NOT_CALLED = "METHOD_NOT_CALLED"
    METHOD_AWAITED = "METHOD_AWAITED"
    ATTRIBUTE_UNKNOWN = "ATTRIBUTE_UNKNOWN"
    CALL_AT_IMPORT = "CALL_AT_IMPORT"
    ARGUMENT_UNKNOWN = "ARGUMENT_UNKNOWN"
    ARGUMENT_MISSING = "ARGUMENT_MISSING"
    ARGUMENT_INVALID = "ARGUMENT_INVALID"
    FILE_NOT_KEPT = "FILE_NOT_KEPT"
    FILE_MISSING = "FILE_MISSING"
    HOST_NOT_ALLOWED = "HOST_NOT_ALLOWED"
    IMPORT_FAILED = "IMPORT_FAILED"
    IMPORT_TIMED_OUT = "IMPORT_TIMED_OUT"
    IMPORT_EXITED = "IMPORT_EXITED"
    CHECK_INCOMPLETE = "CHECK_INCOMPLETE"


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
        """Tell whether there are no errors; warnings and notes do not count."""
        return not self.errors

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        body = self.model_dump(mode="json", exclude={"findings"})
        findings = [finding.to_wire() for finding in self.findings]
        return {"ok": self.is_ok, **body, "findings": findings}


def sort_findings(findings: Iterable[ScriptFinding]) -> tuple[ScriptFinding, ...]:
    """Return the findings without duplicates, in the order of the script; those without a line come first."""
    once = dict.fromkeys(findings)
    return tuple(sorted(once, key=lambda finding: (finding.line or 0, finding.column or 0)))
