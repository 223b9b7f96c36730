"""`python -m wren_core.testing`: check one installed integration, in a process that may be killed.

Reads a job from standard input and writes lines of JSON to the file that the job names: each step before it begins,
and at the end the report or the error that prevented it.
"""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from importlib_metadata import EntryPoint

from wren_core.contract.integration import Integration
from wren_core.errors import WrenError
from wren_core.plugins.discovery import discover, find_entry_points
from wren_core.testing.import_probe import ImportFacts, probe_import
from wren_core.testing.project import Project
from wren_core.testing.report import QualityReport, check_rules, report_load_failure
from wren_core.testing.rules.rule import Finding
from wren_core.testing.short_waits import shorten_waits
from wren_core.testing.target import CheckTarget

FAKES = "wren.fakes"

Write = Callable[[Mapping[str, Any]], None]


def main() -> None:
    """Run the job."""
    job = json.load(sys.stdin)
    with Path(job["report"]).open("w", encoding="utf-8") as lines:

        def write(document: Mapping[str, Any]) -> None:
            lines.write(json.dumps(document, default=repr) + "\n")
            lines.flush()

        try:
            # Before the first import, so that no client library keeps a reference to the real `sleep`.
            with shorten_waits(sockets=False):
                write({"report": _report(job, write).to_json()})
        except WrenError as exc:
            write({"error": exc.to_wire()})


def _report(job: Mapping[str, Any], write: Write) -> QualityReport:
    name = job["integration"]
    points = [point for point in find_entry_points() if point.name == name]
    project = _project(points, job.get("folder"))
    if not points:
        message = f"no installed distribution has an entry point {name!r} of the group wren.integrations"
        return report_load_failure(name, project, [Finding(place="pyproject.toml", message=message)])
    write({"progress": f"importing {points[0].value}"})
    facts = _import_facts(points[0])
    found = discover({name})
    if found.failed or not found.loaded:
        findings = [
            Finding(place=plugin.distribution, message=f"{plugin.code}: {plugin.reason}") for plugin in found.failed
        ]
        return report_load_failure(name, project, findings)
    return check_rules(_subject(found.loaded[0].integration, job, project, facts, write))


def _subject(
    integration: type[Integration], job: Mapping[str, Any], project: Project, facts: ImportFacts | None, write: Write
) -> CheckTarget:
    return CheckTarget(
        integration=integration,
        project=project,
        config=job.get("config") or {},
        make_fake=_fake_maker(integration.spec.name),
        imported=facts,
        progress=lambda what: write({"progress": what}),
    )


def _project(points: list[EntryPoint], folder: str | None) -> Project:
    distribution = points[0].dist if points else None
    if distribution is None:
        return Project()
    return Project.installed(distribution.name, folder=Path(folder) if folder else None)


def _import_facts(point: EntryPoint) -> ImportFacts | None:
    with suppress(BaseException):  # discovery imports it again and reports the error
        return probe_import(point.module)
    return None


def _fake_maker(name: str) -> Callable[[], Any] | None:
    point = next((point for point in find_entry_points(FAKES) if point.name == name), None)
    return None if point is None else lambda: point.load()()


if __name__ == "__main__":
    main()
