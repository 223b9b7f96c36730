"""Describes a script: checks its text, imports it, and returns its metadata. Servers and authors get the same findings.

The import has neither network nor accounts, on every machine: what works here works where the script is deployed.
"""

from collections.abc import Callable, Iterable
from typing import Any

from wren.runner.failure import describe_failure
from wren.runner.network import refuse_network
from wren.runner.script import load_script
from wren.script.metadata import extract_metadata
from wren_core.protocol.findings import MAX_FINDINGS, ScriptFinding
from wren_core.protocol.frames import ScriptFailure
from wren_core.protocol.jobs import DescribeJob

Tell = Callable[[ScriptFinding], None]


def describe_script(job: DescribeJob, tell: Tell) -> dict[str, Any]:
    """Return the metadata of a script, and tell each finding of the check.

    Raises:
        BaseException: any exception of the script's import; the finding about it is reported first.
    """
    refuse_network()
    teller = _Teller(tell)
    if job.is_checked:
        teller.tell_all(_check_text(job))
    try:
        module = load_script(job.script, filename=job.filename)
        metadata = extract_metadata(job.script, vars(module))
    except BaseException as exc:
        if job.is_checked:
            teller.tell_failure(describe_failure(exc, filename=job.filename))
        raise
    if job.is_checked:
        teller.tell_all(_check_metadata(job, metadata))
    return metadata


class _Teller:
    """Passes on findings, each once and a bounded number of them."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: dict[ScriptFinding, None] = {}

    def tell_all(self, findings: Iterable[ScriptFinding]) -> None:
        for finding in findings:
            if finding not in self._told and len(self._told) < MAX_FINDINGS:
                self._told[finding] = None
                self._tell(finding)

    def tell_failure(self, failure: ScriptFailure) -> None:
        """Tell an exception, except at a line that already has an error: both have the same cause."""
        lines = {finding.line for finding in self._told if finding.severity == "error"}
        if failure.line is None or failure.line not in lines:
            from wren.checks.import_failure import make_import_finding  # here: most scripts do not fail

            self.tell_all([make_import_finding(failure)])


def _check_text(job: DescribeJob) -> Iterable[ScriptFinding]:
    from wren.checks.script import check_source  # here: a run needs no checks
    from wren.checks.source import parse_script
    from wren.script.catalogue import installed

    source = parse_script(job.script.encode("utf-8", "surrogatepass"), job.filename)
    return [source] if isinstance(source, ScriptFinding) else check_source(source, installed())


def _check_metadata(job: DescribeJob, metadata: dict[str, Any]) -> Iterable[ScriptFinding]:
    from wren.checks.declared import check_declared  # here: a run needs no checks
    from wren.checks.source import parse_script

    source = parse_script(job.script.encode("utf-8", "surrogatepass"), job.filename)
    return [] if isinstance(source, ScriptFinding) else check_declared(source, metadata)
