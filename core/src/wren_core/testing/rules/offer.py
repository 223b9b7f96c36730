"""W101: the distribution has an entry point for the integration, and it loads."""

from collections.abc import Iterator

from wren_core.plugins.discovery import discover
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    name, integration = target.integration.spec.name, target.integration
    found = discover({name})
    for plugin in found.failed:
        yield Finding(place=plugin.distribution or name, message=f"{plugin.code}: {plugin.reason}")
    if not found.failed and [plugin.integration for plugin in found.loaded] != [integration]:
        message = f"no entry point {name!r} in the group wren.integrations loads {integration.__name__}"
        yield Finding(place="pyproject.toml", message=message)


RULE = Rule(
    id="W101-offer",
    tier=Tier.BRONZE,
    title="The installed distribution offers the integration, and it loads",
    why="Hosts find integrations by entry points only, and show operators one that does not load as broken.",
    fix='In pyproject.toml: [project.entry-points."wren.integrations"] NAME = "package:Class", with NAME equal to '
    "spec.name; then install it again: entry points are written at installation.",
    check=_check,
)
