"""`wren plugins list`, `disable` and `enable`: they import no plugin, except where `list --load` is asked to."""

import os
from dataclasses import asdict
from typing import Any

from wren.cli.screen import Screen
from wren.installed_plugins.survey import SurveyedPlugin, survey
from wren.script.plugin_policy import host_policy
from wren_core.errors import UserFacingConfigError
from wren_core.plugins.disabled import DisabledPlugins
from wren_core.plugins.discovery import integration_names
from wren_core.plugins.policy import DISABLED_VARIABLE, PluginPolicy
from wren_core.plugins.registry import integration_unknown

_RESTART = "a server that runs keeps what it loaded until it is started again"


def list_plugins(*, load: bool, as_json: bool) -> None:
    """List what is installed, and what may not be used and why."""
    screen = Screen(as_json=as_json)
    policy = host_policy(os.environ)
    plugins = _loaded(policy) if load else survey(policy).plugins
    screen.answer({"plugins": [asdict(plugin) for plugin in plugins], "policy": _policy(policy)})
    show_plugins(screen, plugins)
    if policy.safe_mode:
        screen.line("safe mode is on: only the plugins published with Wren are loaded", style="yellow")


def disable_plugin(name: str, *, as_json: bool) -> None:
    """Switch a plugin off; nothing of it is imported, so it may be as broken as it likes."""
    screen = Screen(as_json=as_json)
    known = integration_names()
    if name not in known:
        raise integration_unknown(name, known)
    changed = _switches().add(name)
    screen.answer({"name": name, "disabled": True, "changed": changed})
    screen.line(f"{name} is switched off" if changed else f"{name} was switched off already")
    screen.note(_RESTART)


def enable_plugin(name: str, *, as_json: bool) -> None:
    """Switch a plugin on again; one that is no longer installed is forgotten."""
    screen = Screen(as_json=as_json)
    changed = _switches().remove(name)
    known = integration_names()
    if not changed and name not in known:
        raise integration_unknown(name, known)
    screen.answer({"name": name, "disabled": False, "changed": changed})
    screen.line(f"{name} is switched on" if changed else f"{name} was not switched off")
    screen.note(_RESTART)


def show_plugins(screen: Screen, plugins: tuple[SurveyedPlugin, ...]) -> None:
    """Print plugins for people."""
    columns = ("name", "distribution", "version", "state", "why")
    rows = [(item.name, item.distribution, item.version, item.state, item.reason) for item in plugins]
    screen.table(columns, rows)
    if not plugins:
        screen.line("none is installed; install the distribution of one with pip")


def _loaded(policy: PluginPolicy) -> tuple[SurveyedPlugin, ...]:
    from wren.installed_plugins.doctor import loaded  # here: listing does not need it
    from wren.installed_plugins.examination import examine  # here: likewise

    found = survey(policy)
    return loaded(found.plugins, examine(found.loadable, policy.time_limit))


def _policy(policy: PluginPolicy) -> dict[str, Any]:
    return {
        "allow": sorted(policy.allow),
        "deny": sorted(policy.deny),
        "disabled": sorted(policy.disabled),
        "safe_mode": policy.safe_mode,
        "time_limit_seconds": policy.time_limit.total_seconds(),
    }


def _switches() -> DisabledPlugins:
    if os.environ.get(DISABLED_VARIABLE):
        raise UserFacingConfigError(
            f"{DISABLED_VARIABLE} is set and says what is switched off; change it, or unset it first",
            code="PLUGINS_SET_BY_VARIABLE",
        )
    return DisabledPlugins.of_environment(os.environ)
