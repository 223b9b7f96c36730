"""Checks a script on its author's machine: the runner describes it in a child process, as a server does.

The child has a time limit, so that the script cannot stop the check.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from wren.checks.finding import Code, ScriptReport, sort_findings
from wren.checks.source import parse_script, read_script
from wren.runner import child_process
from wren.runner.child_process import RunnerOutcome
from wren_core.protocol.findings import ScriptFinding
from wren_core.protocol.jobs import DescribeJob

DEFAULT_TIME_LIMIT = timedelta(seconds=20)
_TOP_LEVEL_HINT = "do the work inside a triggered function, not at the top level"


def check_script(path: Path, *, time_limit: timedelta = DEFAULT_TIME_LIMIT) -> ScriptReport:
    """Check one script file and return its findings and metadata; no function of it is called.

    Args:
        path: the script.
        time_limit: for checking and importing it.

    Raises:
        ScriptUnreadable: the file does not exist, or cannot be read.
    """
    file = str(path)
    source = parse_script(read_script(path), file)
    if isinstance(source, ScriptFinding):
        return ScriptReport(file=file, findings=(source,))
    outcome = child_process.run_job(DescribeJob(script=source.text, filename=file), time_limit=time_limit)
    findings = [*outcome.findings, *_find_abrupt_end(outcome, file, time_limit)]
    return ScriptReport(
        file=file,
        findings=sort_findings(findings),
        metadata=outcome.metadata if outcome.error is None else None,
    )


def _find_abrupt_end(outcome: RunnerOutcome, file: str, time_limit: timedelta) -> Iterator[ScriptFinding]:
    if outcome.is_timed_out:
        message = f"the script did not finish importing within {time_limit.total_seconds():g} s"
        yield ScriptFinding(code=Code.IMPORT_TIMED_OUT, message=message, file=file, hint=_TOP_LEVEL_HINT)
    elif outcome.error is not None:
        if not any(finding.severity == "error" for finding in outcome.findings):
            message = str(outcome.error.get("message"))
            yield ScriptFinding(code=Code.IMPORT_FAILED, message=message, file=file)
    elif outcome.metadata is None:
        message = f"importing the script ended the interpreter ({_describe_ending(outcome.exit_code)})"
        yield ScriptFinding(code=Code.IMPORT_EXITED, message=message, file=file, hint=_TOP_LEVEL_HINT)


def _describe_ending(exit_code: int | None) -> str:
    if exit_code is None:
        return "its process had to be killed"
    return f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
