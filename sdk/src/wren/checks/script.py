"""Everything that can be said about a script without calling one of its functions."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from wren.checks.ai_calls import check_ai_calls
from wren.checks.calls import check_calls
from wren.checks.finding import Code, Finding, Report, in_order
from wren.checks.scopes import Place, places
from wren.checks.script_import import DEFAULT_TIME_LIMIT, import_script
from wren.checks.source import Source, parse, read_script
from wren.checks.triggers import check_declared, check_triggers
from wren.checks.undefined_names import check_names
from wren.script.catalogue import Catalogue, installed


def check_script(
    path: Path, *, catalogue: Catalogue | None = None, time_limit: timedelta = DEFAULT_TIME_LIMIT
) -> Report:
    """Check one script file and return what was found, with what the script declares.

    Args:
        path: the script.
        catalogue: the integrations it may use; those installed where left out.
        time_limit: how long importing it may take.

    Raises:
        ScriptUnreadable: there is no such file, or it cannot be read.
    """
    source = parse(read_script(path), str(path))
    if isinstance(source, Finding):
        return Report(file=str(path), findings=(source,))
    found = places(source.tree)
    static = [*_static(source, catalogue or installed(), found)]
    imported = import_script(source, time_limit=time_limit)
    findings = [*static, *_new(imported.findings, static)]
    if imported.metadata is not None:
        findings += check_declared(source, imported.metadata)
    return Report(file=source.file, findings=in_order(findings), metadata=imported.metadata)


def _static(source: Source, catalogue: Catalogue, found: list[Place]) -> Iterator[Finding]:
    checks: tuple[Callable[[], Iterable[Finding]], ...] = (
        lambda: check_names(source),
        lambda: check_triggers(source, found),
        lambda: check_calls(source, catalogue, found),
        lambda: check_ai_calls(source, catalogue, found),
    )
    for check in checks:
        try:
            yield from list(check())
        except RecursionError:
            yield Finding(
                code=Code.CHECK_INCOMPLETE,
                message="an expression is nested too deeply to be checked in full",
                file=source.file,
                severity="warning",
            )


def _new(findings: Iterable[Finding], known: list[Finding]) -> Iterator[Finding]:
    """Leave out an exception at a line whose mistake is already reported: it is that mistake."""
    lines = {finding.line for finding in known if finding.severity == "error"}
    return (finding for finding in findings if finding.line is None or finding.line not in lines)
