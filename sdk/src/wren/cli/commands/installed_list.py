"""`wren plugins list`, `disable` and `enable`; only `list --load` imports plugins."""

import os
from dataclasses import asdict
from typing import Any

from wren.cli.screen import Screen
from wren.installed_plugins.survey import SurveyedPlugin, survey_plugins
from wren.script.plugin_policy import read_plugin_policy
from wren_core.errors import UserFacingConfigError
from wren_core.plugins.disabled import DisabledPlugins
from wren_core.plugins.discovery import integration_names
from wren_core.plugins.policy import DISABLED_VARIABLE, PluginPolicy
from wren_core.plugins.registry import integration_unknown

_RESTART = "a running server keeps its plugins until it is restarted"


def list_plugins(*, load: bool, as_json: bool) -> None:
    """List the installed plugins, and why some are refused."""
    screen = Screen(as_json=as_json)
    policy = read_plugin_policy(os.environ)
    plugins = _load_all(policy) if load else survey_plugins(policy).plugins
    screen.answer({"plugins": [asdict(plugin) for plugin in plugins], "policy": _make_policy_json(policy)})
    show_plugins(screen, plugins)
    if policy.safe_mode:
        screen.line("safe mode is on: only the plugins published with Wren are loaded", style="yellow")


def disable_plugin(name: str, *, as_json: bool) -> None:
    """Disable a plugin without importing it."""
    screen = Screen(as_json=as_json)
    known = integration_names()
    if name not in known:
        raise integration_unknown(name, known)
    changed = _open_switches().add(name)
    screen.answer({"name": name, "disabled": True, "changed": changed})
    screen.line(f"{name} is disabled" if changed else f"{name} was already disabled")
    screen.note(_RESTART)


def enable_plugin(name: str, *, as_json: bool) -> None:
    """Enable a plugin; for one that is no longer installed, remove the entry."""
    screen = Screen(as_json=as_json)
    changed = _open_switches().remove(name)
    known = integration_names()
    if not changed and name not in known:
        raise integration_unknown(name, known)
    screen.answer({"name": name, "disabled": False, "changed": changed})
    screen.line(f"{name} is enabled" if changed else f"{name} was not disabled")
    screen.note(_RESTART)


def show_plugins(screen: Screen, plugins: tuple[SurveyedPlugin, ...]) -> None:
    """Print plugins for people."""
    columns = ("name", "distribution", "version", "state", "why")
    rows = [(item.name, item.distribution, item.version, item.state, item.reason) for item in plugins]
    screen.table(columns, rows)
    if not plugins:
        screen.line("no plugins are installed; install one with pip")


def _load_all(policy: PluginPolicy) -> tuple[SurveyedPlugin, ...]:
    from wren.installed_plugins.doctor import merge_examinations  # here: listing does not need it
    from wren.installed_plugins.examination import examine  # here: likewise

    found = survey_plugins(policy)
    return merge_examinations(found.plugins, examine(found.loadable, policy.time_limit))


def _make_policy_json(policy: PluginPolicy) -> dict[str, Any]:
    return {
        "allow": sorted(policy.allow),
        "deny": sorted(policy.deny),
        "disabled": sorted(policy.disabled),
        "safe_mode": policy.safe_mode,
        "time_limit_seconds": policy.time_limit.total_seconds(),
    }


def _open_switches() -> DisabledPlugins:
    if os.environ.get(DISABLED_VARIABLE):
        raise UserFacingConfigError(
            f"{DISABLED_VARIABLE} is set and lists the disabled plugins; change it, or unset it first",
            code="PLUGINS_SET_BY_VARIABLE",
        )
    return DisabledPlugins.of_environment(os.environ)
