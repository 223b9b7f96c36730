"""Runs all checks of the text of one script."""

from collections.abc import Callable, Iterable, Iterator

from wren.checks.ai_calls import check_ai_calls
from wren.checks.calls import check_calls
from wren.checks.finding import Code
from wren.checks.overwritten_names import check_overwritten
from wren.checks.result_uses import check_result_uses
from wren.checks.scopes import ScopedNode, list_places
from wren.checks.source import Source
from wren.checks.surroundings import check_files, check_hosts
from wren.checks.triggers import check_triggers
from wren.checks.undefined_names import check_names
from wren.script.catalogue import Catalogue
from wren_core.protocol.findings import ScriptFinding


def check_source(source: Source, catalogue: Catalogue) -> list[ScriptFinding]:
    """Return what is wrong with a script, as far as it can be known without running it."""
    return list(_run_static_checks(source, catalogue, list_places(source.tree)))


def _run_static_checks(source: Source, catalogue: Catalogue, found: list[ScopedNode]) -> Iterator[ScriptFinding]:
    checks: tuple[Callable[[], Iterable[ScriptFinding]], ...] = (
        lambda: check_names(source),
        lambda: check_triggers(source, found),
        lambda: check_calls(source, catalogue, found),
        lambda: check_ai_calls(source, catalogue, found),
        lambda: check_result_uses(source, catalogue, found),
        lambda: check_overwritten(source, found),
        lambda: check_files(source, found),
        lambda: check_hosts(source, catalogue, found),
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
