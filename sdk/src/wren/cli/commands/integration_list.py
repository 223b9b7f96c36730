"""`wren integrations list` and `wren integrations show`."""

from collections.abc import Collection, Mapping
from typing import Any

from wren.cli.screen import Screen, redirect_plugin_output
from wren.cli.server import open_client
from wren.script.catalogue import installed
from wren.script.described_plugin import summary_of
from wren_core.contract.definition import IntegrationDefinition
from wren_core.declarative.unbound import handler_notes
from wren_core.export.docs import IntegrationDocs
from wren_core.export.rendering import to_markdown
from wren_core.plugins.discovery import FailedPlugin
from wren_core.plugins.policy import REFUSAL_CODES

_CONNECTED = {True: "yes", False: "no", None: "-"}


def list_installed(*, as_json: bool) -> None:
    """List the integrations of this machine, broken ones included."""
    screen = Screen(as_json=as_json)
    with redirect_plugin_output():
        registry = installed().overview()
        offered = [summary_of(registry.plugin(name)) for name in registry.names()]
    failed = [_make_failure_json(plugin) for plugin in registry.failed.values()]
    screen.answer({"integrations": offered, "failed": failed})
    columns = ("name", "title", "version", "connect", "description")
    keys = ("name", "display_name", "version", "auth_type")
    screen.table(columns, [(*(item[key] for key in keys), _first_line(item["description"])) for item in offered])
    _show_unbound(screen, {item["name"]: item["no_handler"] for item in offered})
    if not offered and not failed:
        screen.line("no integrations are installed; install one with pip")
    _show_failed(screen, failed)


def list_remote(*, as_json: bool) -> None:
    """List the integrations of the server, and which are connected."""
    screen = Screen(as_json=as_json)
    with open_client() as client:
        answer = client.integrations()
    screen.answer(answer.to_wire())
    rows = [
        (item.name, item.display_name, item.version, item.auth_type, _CONNECTED[item.connected])
        for item in answer.integrations
    ]
    screen.table(("name", "title", "version", "connect", "connected"), rows)
    _show_unbound(screen, {item.name: item.no_handler for item in answer.integrations})
    _show_failed(screen, answer.failed)


def show_installed(name: str, *, as_json: bool) -> None:
    """Show one integration: its definition for programs, its documents for people."""
    screen = Screen(as_json=as_json)
    with redirect_plugin_output():
        spec, unbound = installed().spec(name), installed().plugin(name).unbound
    screen.answer(IntegrationDefinition.from_spec(spec).to_wire())
    screen.markdown(to_markdown(IntegrationDocs.from_spec(spec, unbound=unbound)))


def _make_failure_json(plugin: FailedPlugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "code": plugin.code,
        "reason": plugin.reason,
    }


def _show_unbound(screen: Screen, unbound: Mapping[str, Collection[str]]) -> None:
    for note in (note for name, methods in unbound.items() for note in handler_notes(name, methods)):
        screen.line(note, style="yellow")


def _show_failed(screen: Screen, failed: list[dict[str, Any]]) -> None:
    for item in failed:
        place = f"{item.get('distribution', '')} {item.get('version', '')}".strip()
        what, style = ("is refused", "dim") if item.get("code") in REFUSAL_CODES else ("failed", "red")
        screen.line(f"{item.get('name')} of {place} {what}: {item.get('code')}: {item.get('reason')}", style=style)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
