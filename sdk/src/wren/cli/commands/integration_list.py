"""`wren integrations list` and `wren integrations show`."""

from typing import Any

from wren.cli.screen import Screen, loading_plugins
from wren.cli.server import open_client
from wren.script.catalogue import installed
from wren_core.contract.definition import IntegrationDefinition
from wren_core.export.docs import IntegrationDocs
from wren_core.export.rendering import to_markdown
from wren_core.plugins.discovery import FailedPlugin
from wren_core.plugins.policy import REFUSAL_CODES
from wren_core.plugins.registry import Registry

_CONNECTED = {True: "yes", False: "no", None: "-"}


def list_installed(*, as_json: bool) -> None:
    """List what is installed on this machine, the broken ones too."""
    screen = Screen(as_json=as_json)
    with loading_plugins():
        registry = installed().everything()
    offered = [_summary(registry, name) for name in registry.names()]
    failed = [_failure(plugin) for plugin in registry.failed.values()]
    screen.answer({"integrations": offered, "failed": failed})
    columns = ("name", "title", "version", "connect", "description")
    keys = ("name", "display_name", "version", "auth_type")
    screen.table(columns, [(*(item[key] for key in keys), _first_line(item["description"])) for item in offered])
    if not offered and not failed:
        screen.line("none is installed; install the distribution of one with pip")
    _show_failed(screen, failed)


def list_remote(*, as_json: bool) -> None:
    """List what the server offers, and which of it is connected."""
    screen = Screen(as_json=as_json)
    with open_client() as client:
        answer = client.integrations()
    screen.answer(answer.to_wire())
    rows = [
        (item.name, item.display_name, item.version, item.auth_type, _CONNECTED[item.connected])
        for item in answer.integrations
    ]
    screen.table(("name", "title", "version", "connect", "connected"), rows)
    _show_failed(screen, answer.failed)


def show_installed(name: str, *, as_json: bool) -> None:
    """Show one integration: its definition for programs, its documents for people."""
    screen = Screen(as_json=as_json)
    with loading_plugins():
        spec = installed().spec(name)
    screen.answer(IntegrationDefinition.from_spec(spec).to_wire())
    screen.markdown(to_markdown(IntegrationDocs.from_spec(spec)))


def _summary(registry: Registry, name: str) -> dict[str, Any]:
    spec = registry.spec(name)
    return {
        "name": name,
        "display_name": spec.display_name,
        "description": spec.description,
        "version": spec.version,
        "distribution": registry.plugin(name).distribution,
        "auth_type": spec.auth_type,
        "type": spec.type,
        "methods": [method.id for method in spec.methods],
    }


def _failure(plugin: FailedPlugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "code": plugin.code,
        "reason": plugin.reason,
    }


def _show_failed(screen: Screen, failed: list[dict[str, Any]]) -> None:
    for item in failed:
        place = f"{item.get('distribution', '')} {item.get('version', '')}".strip()
        what, style = ("is refused", "dim") if item.get("code") in REFUSAL_CODES else ("failed", "red")
        screen.line(f"{item.get('name')} of {place} {what}: {item.get('code')}: {item.get('reason')}", style=style)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
