"""W101: the distribution offers the integration, and it loads."""

from collections.abc import Iterator

from wren_core.plugins.discovery import discover
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    name, integration = subject.integration.spec.name, subject.integration
    found = discover({name})
    for plugin in found.failed:
        yield Finding(place=plugin.distribution or name, message=f"{plugin.code}: {plugin.reason}")
    if not found.failed and [plugin.integration for plugin in found.loaded] != [integration]:
        message = f"no entry point {name!r} of the group wren.integrations loads {integration.__name__}"
        yield Finding(place="pyproject.toml", message=message)


RULE = Rule(
    id="W101-offer",
    tier=Tier.BRONZE,
    title="Installing the distribution offers the integration, and it loads",
    why="Hosts find integrations by entry points alone; one that does not load is shown to operators as broken.",
    fix='In pyproject.toml: [project.entry-points."wren.integrations"] NAME = "package:Class", with NAME equal to '
    "spec.name; then install again, since entry points are read when a distribution is installed.",
    check=_check,
)
