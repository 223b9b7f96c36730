"""Runs all checks of one script, without calling its functions."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from wren.checks.ai_calls import check_ai_calls
from wren.checks.calls import check_calls
from wren.checks.finding import Code, ScriptFinding, ScriptReport, sort_findings
from wren.checks.scopes import ScopedNode, list_places
from wren.checks.script_import import DEFAULT_TIME_LIMIT, import_script
from wren.checks.source import Source, parse_script, read_script
from wren.checks.triggers import check_declared, check_triggers
from wren.checks.undefined_names import check_names
from wren.script.catalogue import Catalogue, installed


def check_script(
    path: Path, *, catalogue: Catalogue | None = None, time_limit: timedelta = DEFAULT_TIME_LIMIT
) -> ScriptReport:
    """Check one script file and return its findings and metadata.

    Args:
        path: the script.
        catalogue: the integrations it may use. Default: the installed ones.
        time_limit: for importing it.

    Raises:
        ScriptUnreadable: the file does not exist, or cannot be read.
    """
    source = parse_script(read_script(path), str(path))
    if isinstance(source, ScriptFinding):
        return ScriptReport(file=str(path), findings=(source,))
    found = list_places(source.tree)
    static = [*_run_static_checks(source, catalogue or installed(), found)]
    imported = import_script(source, time_limit=time_limit)
    findings = [*static, *_drop_known(imported.findings, static)]
    if imported.metadata is not None:
        findings += check_declared(source, imported.metadata)
    return ScriptReport(file=source.file, findings=sort_findings(findings), metadata=imported.metadata)


def _run_static_checks(source: Source, catalogue: Catalogue, found: list[ScopedNode]) -> Iterator[ScriptFinding]:
    checks: tuple[Callable[[], Iterable[ScriptFinding]], ...] = (
        lambda: check_names(source),
        lambda: check_triggers(source, found),
        lambda: check_calls(source, catalogue, found),
        lambda: check_ai_calls(source, catalogue, found),
    )
    for check in checks:
        try:
            yield from list(check())
        except RecursionError:
            yield ScriptFinding(
                code=Code.CHECK_INCOMPLETE,
                message="an expression is nested too deeply to be checked in full",
                file=source.file,
                severity="warning",
            )


def _drop_known(findings: Iterable[ScriptFinding], known: list[ScriptFinding]) -> Iterator[ScriptFinding]:
    """Leave out an exception at a line that already has an error: both have the same cause."""
    lines = {finding.line for finding in known if finding.severity == "error"}
    return (finding for finding in findings if finding.line is None or finding.line not in lines)
