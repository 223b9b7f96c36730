"""Imports a script, and returns its metadata, or its exception with file and line.

The import runs in a child process with a time limit, so that the script cannot stop the check.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wren.checks.finding import Code, ScriptFinding
from wren.checks.source import Source
from wren.runner import child_process
from wren_core.protocol.jobs import DescribeJob

DEFAULT_TIME_LIMIT = timedelta(seconds=20)
_TOP_LEVEL_HINT = "do the work inside a triggered function, not at the top level"
# Codes of the runner that are also codes of findings; every other failure is a failed import.
_CODES = {**{code.value: code for code in Code}, "SCRIPT_EXITED": Code.IMPORT_EXITED}


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """The outcome of an import."""

    findings: tuple[ScriptFinding, ...]
    metadata: dict[str, Any] | None


def import_script(source: Source, *, time_limit: timedelta = DEFAULT_TIME_LIMIT) -> ImportResult:
    """Import the script in a child process, without calling its functions."""
    outcome = child_process.run_job(DescribeJob(script=source.text, filename=source.file), time_limit=time_limit)
    metadata = outcome.metadata if outcome.error is None else None
    return ImportResult(findings=tuple(_make_findings(source, outcome, time_limit)), metadata=metadata)


def _make_findings(
    source: Source, outcome: child_process.RunnerOutcome, time_limit: timedelta
) -> Iterator[ScriptFinding]:
    if outcome.is_timed_out:
        yield ScriptFinding(
            code=Code.IMPORT_TIMED_OUT,
            message=f"the script did not finish importing within {time_limit.total_seconds():g} s",
            file=source.file,
            hint=_TOP_LEVEL_HINT,
        )
    elif outcome.error is not None:
        yield _make_error_finding(source, outcome.error)
    elif outcome.metadata is None:
        yield ScriptFinding(
            code=Code.IMPORT_EXITED,
            message=f"importing the script ended the interpreter ({_describe_ending(outcome.exit_code)})",
            file=source.file,
            hint=_TOP_LEVEL_HINT,
        )


def _make_error_finding(source: Source, error: dict[str, Any]) -> ScriptFinding:
    code = _CODES.get(str(error.get("code")), Code.IMPORT_FAILED)
    line = error.get("line")
    return ScriptFinding(
        code=code,
        message=str(error.get("message")),
        file=source.file,
        line=line if isinstance(line, int) else None,
        hint=_TOP_LEVEL_HINT if code is Code.IMPORT_EXITED else None,
    )


def _describe_ending(exit_code: int | None) -> str:
    if exit_code is None:
        return "its process had to be killed"
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
