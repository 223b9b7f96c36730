"""The installed plugins and whether they may be loaded, from metadata alone; no plugin is imported."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from importlib_metadata import EntryPoint

from wren_core.plugins.discovery import FailedPlugin, apply_policy, identity_of, scan_entry_points
from wren_core.plugins.loading import check_contract
from wren_core.plugins.policy import PluginPolicy
from wren_core.plugins.refusal import RefusedError

State = Literal["installed", "disabled", "refused", "duplicate", "incompatible", "unreadable", "ok", "failed"]
"""Without loading, a plugin is `installed` at best; `ok` and `failed` are known only after loading it."""

_STATES: dict[str, State] = {
    "PLUGIN_DISABLED": "disabled",
    "PLUGIN_DENIED": "refused",
    "PLUGIN_NOT_FIRST_PARTY": "refused",
    "PLUGIN_NOT_ALLOWED": "refused",
    "DUPLICATE_NAME": "duplicate",
    "CONTRACT_VERSION": "incompatible",
}


@dataclass(frozen=True, kw_only=True)
class SurveyedPlugin:
    """One entry point."""

    name: str
    distribution: str
    version: str
    state: State
    code: str = ""
    reason: str = ""
    """Why its state is not `installed`."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """All plugins, sorted by name and distribution, and the entry points that may be loaded."""

    plugins: tuple[SurveyedPlugin, ...]
    loadable: tuple[EntryPoint, ...]


def survey_plugins(policy: PluginPolicy) -> Survey:
    """Look at every installed plugin without importing one."""
    points, unreadable = scan_entry_points()
    admitted, refused = apply_policy(points, policy)
    loadable, incompatible = _check_contracts(admitted)
    found = [
        *(_make_plugin(point) for point in loadable),
        *incompatible,
        *(_make_failed_plugin(plugin, _STATES[plugin.code]) for plugin in refused),
        *(_make_failed_plugin(plugin, "unreadable") for plugin in unreadable),
    ]
    found.sort(key=lambda plugin: (plugin.name, plugin.distribution))
    return Survey(plugins=tuple(found), loadable=tuple(loadable))


def _check_contracts(points: Iterable[EntryPoint]) -> tuple[list[EntryPoint], list[SurveyedPlugin]]:
    loadable, incompatible = [], []
    for point in points:
        try:
            check_contract(point)
        except RefusedError as exc:
            incompatible.append(_make_plugin(point, state="incompatible", code=exc.code, reason=str(exc)))
        else:
            loadable.append(point)
    return loadable, incompatible


def _make_plugin(point: EntryPoint, *, state: State = "installed", code: str = "", reason: str = "") -> SurveyedPlugin:
    distribution, version = identity_of(point)
    return SurveyedPlugin(
        name=point.name, distribution=distribution, version=version, state=state, code=code, reason=reason
    )


def _make_failed_plugin(plugin: FailedPlugin, state: State) -> SurveyedPlugin:
    return SurveyedPlugin(
        name=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        state=state,
        code=plugin.code,
        reason=plugin.reason,
    )
