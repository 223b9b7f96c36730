"""`python -m wren_core.testing`: check one installed integration, in a process that may be killed.

Reads a job from standard input and writes lines of JSON to the file it names: what is tried next, and at the end the
report, or the error that kept it from being made.
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
from wren_core.testing.haste import hurried
from wren_core.testing.import_probe import ImportFacts, probe_import
from wren_core.testing.project import Project
from wren_core.testing.report import Report, check, unloadable
from wren_core.testing.rules.rule import Finding
from wren_core.testing.subject import Subject

FAKES = "wren.fakes"

Tell = Callable[[Mapping[str, Any]], None]


def main() -> None:
    """Perform the job."""
    job = json.load(sys.stdin)
    with Path(job["report"]).open("w", encoding="utf-8") as lines:

        def tell(document: Mapping[str, Any]) -> None:
            lines.write(json.dumps(document, default=repr) + "\n")
            lines.flush()

        try:
            # From the first import on, so that no client keeps a `sleep` that takes its time.
            with hurried(sockets=False):
                tell({"report": _report(job, tell).to_json()})
        except WrenError as exc:
            tell({"error": exc.to_wire()})


def _report(job: Mapping[str, Any], tell: Tell) -> Report:
    name = job["integration"]
    points = [point for point in find_entry_points() if point.name == name]
    project = _project(points, job.get("folder"))
    if not points:
        message = f"no installed distribution has an entry point {name!r} of the group wren.integrations"
        return unloadable(name, project, [Finding(place="pyproject.toml", message=message)])
    tell({"progress": f"importing {points[0].value}"})
    facts = _probed(points[0])
    found = discover({name})
    if found.failed or not found.loaded:
        findings = [
            Finding(place=plugin.distribution, message=f"{plugin.code}: {plugin.reason}") for plugin in found.failed
        ]
        return unloadable(name, project, findings)
    return check(_subject(found.loaded[0].integration, job, project, facts, tell))


def _subject(
    integration: type[Integration], job: Mapping[str, Any], project: Project, facts: ImportFacts | None, tell: Tell
) -> Subject:
    return Subject(
        integration=integration,
        project=project,
        config=job.get("config") or {},
        make_fake=_fake_maker(integration.spec.name),
        imported=facts,
        progress=lambda what: tell({"progress": what}),
    )


def _project(points: list[EntryPoint], folder: str | None) -> Project:
    distribution = points[0].dist if points else None
    if distribution is None:
        return Project()
    return Project.installed(distribution.name, folder=Path(folder) if folder else None)


def _probed(point: EntryPoint) -> ImportFacts | None:
    with suppress(BaseException):  # discovery imports it again, and says what is wrong with it
        return probe_import(point.module)
    return None


def _fake_maker(name: str) -> Callable[[], Any] | None:
    point = next((point for point in find_entry_points(FAKES) if point.name == name), None)
    return None if point is None else lambda: point.load()()


if __name__ == "__main__":
    main()
