"""What importing a script brings to light: exceptions with file and line, and what it declares.

The import happens in a child process with a time limit, so that whatever the script does, the check goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wren.checks.finding import Code, Finding
from wren.checks.source import Source
from wren.runner import child_process
from wren_core.protocol.jobs import DescribeJob

DEFAULT_TIME_LIMIT = timedelta(seconds=20)
_TOP_LEVEL_HINT = "do the work inside a triggered function, not at the top level"
# Codes of the runner that are findings of their own; every other failure is an import that failed.
_CODES = {**{code.value: code for code in Code}, "SCRIPT_EXITED": Code.IMPORT_EXITED}


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The outcome of an import."""

    findings: tuple[Finding, ...]
    metadata: dict[str, Any] | None


def import_script(source: Source, *, time_limit: timedelta = DEFAULT_TIME_LIMIT) -> Imported:
    """Import the script in a child process; no function of it is called."""
    outcome = child_process.perform(DescribeJob(script=source.text, filename=source.file), time_limit=time_limit)
    metadata = outcome.metadata if outcome.error is None else None
    return Imported(findings=tuple(_findings(source, outcome, time_limit)), metadata=metadata)


def _findings(source: Source, outcome: child_process.Outcome, time_limit: timedelta) -> Iterator[Finding]:
    if outcome.is_timed_out:
        yield Finding(
            code=Code.IMPORT_TIMED_OUT,
            message=f"the script did not finish importing within {time_limit.total_seconds():g} s",
            file=source.file,
            hint=_TOP_LEVEL_HINT,
        )
    elif outcome.error is not None:
        yield _import_error(source, outcome.error)
    elif outcome.metadata is None:
        yield Finding(
            code=Code.IMPORT_EXITED,
            message=f"importing the script ended the interpreter ({_ending(outcome.exit_code)})",
            file=source.file,
            hint=_TOP_LEVEL_HINT,
        )


def _import_error(source: Source, error: dict[str, Any]) -> Finding:
    code = _CODES.get(str(error.get("code")), Code.IMPORT_FAILED)
    line = error.get("line")
    return Finding(
        code=code,
        message=str(error.get("message")),
        file=source.file,
        line=line if isinstance(line, int) else None,
        hint=_TOP_LEVEL_HINT if code is Code.IMPORT_EXITED else None,
    )


def _ending(exit_code: int | None) -> str:
    if exit_code is None:
        return "its process had to be killed"
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
