"""Looks at every installed plugin as a doctor would: what fails, why, and what to do.

A plugin is loaded only in a process of its own, and only where nothing forbids it.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from importlib_metadata import EntryPoint

from wren.installed_plugins.dependency_conflicts import find_conflicts
from wren.installed_plugins.examination import Examination, examine
from wren.installed_plugins.problem import Problem, failure
from wren.installed_plugins.survey import State, Survey, SurveyedPlugin, survey
from wren_core.plugins.discovery import find_entry_points, identity_of
from wren_core.plugins.policy import PluginPolicy, canonical_name
from wren_core.plugins.registry import integration_unknown

FAKES = "wren.fakes"
_HOSTS = ("wren-core", "wren-sdk", "wren-backend")
_SLOW_SECONDS = 0.4
_SLOWEST = 3


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The plugins as they are, loaded where that is allowed, and everything worth saying about them."""

    plugins: tuple[SurveyedPlugin, ...]
    problems: tuple[Problem, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is broken; warnings and notes break nothing."""
        return all(problem.severity != "error" for problem in self.problems)


def diagnose(policy: PluginPolicy, name: str | None = None) -> Diagnosis:
    """Examine all plugins, or those with one name.

    Raises:
        IntegrationUnknown: nothing installed has that name; with the nearest one.
    """
    found = _named(survey(policy), name)
    examined = examine(found.loadable, policy.time_limit)
    problems = [
        *_refused(found.plugins),
        *_failures(found.plugins, examined),
        *_conflicts(found.plugins, everything=name is None),
        *_slow(examined),
        *_without_fake(examined),
        *(_idle_rules(policy, found.plugins) if name is None else ()),
        *_editable(found.loadable),
    ]
    return Diagnosis(plugins=loaded(found.plugins, examined), problems=tuple(problems))


def loaded(plugins: Iterable[SurveyedPlugin], examined: Iterable[Examination]) -> tuple[SurveyedPlugin, ...]:
    """Return the plugins with what is known of them once they were loaded."""
    known = {(item.name, item.distribution): item for item in examined}
    return tuple(_told(plugin, known.get((plugin.name, plugin.distribution))) for plugin in plugins)


def _told(plugin: SurveyedPlugin, examination: Examination | None) -> SurveyedPlugin:
    if examination is None:
        return plugin
    state: State = "failed" if examination.code else "ok"
    return replace(plugin, state=state, code=examination.code, reason=examination.reason)


def _named(found: Survey, name: str | None) -> Survey:
    if name is None:
        return found
    plugins = tuple(plugin for plugin in found.plugins if plugin.name == name)
    if not plugins:
        raise integration_unknown(name, sorted({plugin.name for plugin in found.plugins}))
    return Survey(plugins=plugins, loadable=tuple(point for point in found.loadable if point.name == name))


def _refused(plugins: Iterable[SurveyedPlugin]) -> Iterator[Problem]:
    told: set[str] = set()
    for plugin in plugins:
        if plugin.state == "duplicate" and plugin.name not in told:
            told.add(plugin.name)  # one problem, though two plugins have it: its reason names both
            yield replace(failure(plugin, plugin.code, plugin.reason), message=plugin.reason)
        if plugin.state in ("incompatible", "unreadable"):
            yield failure(plugin, plugin.code, plugin.reason)


def _failures(plugins: Iterable[SurveyedPlugin], examined: Iterable[Examination]) -> Iterator[Problem]:
    by_name = {(plugin.name, plugin.distribution): plugin for plugin in plugins}
    for item in examined:
        if item.code:
            yield failure(by_name[item.name, item.distribution], item.code, item.reason)


def _conflicts(plugins: Iterable[SurveyedPlugin], *, everything: bool) -> Iterator[Problem]:
    owners: dict[str, list[str]] = {}
    for plugin in plugins:
        if plugin.state != "disabled" and plugin.distribution:
            owners.setdefault(plugin.distribution, []).append(plugin.name)
    for conflict in find_conflicts([*owners, *(_HOSTS if everything else ())]):
        concerned = sorted(name for root in conflict.roots for name in owners.get(root, ()))
        step = "install versions that fit one another: `pip check` shows them all; or disable a plugin that needs it"
        yield Problem(
            severity="error",
            code="DEPENDENCY_CONFLICT" if conflict.installed else "DEPENDENCY_MISSING",
            plugins=tuple(concerned),
            message=str(conflict),
            next_step=step if conflict.installed else f"`pip install {conflict.unmet[0].requirement}`",
        )


def _slow(examined: Iterable[Examination]) -> Iterator[Problem]:
    for item in examined:
        if not item.code and item.seconds >= _SLOW_SECONDS:
            slowest = ", ".join(f"{package} {seconds * 1000:.0f} ms" for package, seconds in item.heavy[:_SLOWEST])
            yield Problem(
                severity="warning",
                code="IMPORT_SLOW",
                plugins=(item.name,),
                message=f"{item.name} takes {item.seconds * 1000:.0f} ms to load: {slowest}",
                next_step="its author should import client libraries where they are used, such as in connect()",
            )


def _without_fake(examined: Iterable[Examination]) -> Iterator[Problem]:
    fakes = {point.name for point in find_entry_points(FAKES)}
    for item in examined:
        if item.contacts and item.name not in fakes:
            yield Problem(
                severity="warning",
                code="FAKE_MISSING",
                plugins=(item.name,),
                message=f"{item.name} brings no fake provider, so scripts that use it cannot be rehearsed",
                next_step=f"its author should offer one in the entry-point group {FAKES}",
            )


def _idle_rules(policy: PluginPolicy, plugins: Iterable[SurveyedPlugin]) -> Iterator[Problem]:
    names = {canonical_name(plugin.name) for plugin in plugins}
    known = names | {canonical_name(plugin.distribution) for plugin in plugins}
    rules = [
        *(("WREN_PLUGINS_ALLOW", rule, known) for rule in sorted(policy.allow)),
        *(("WREN_PLUGINS_DENY", rule, known) for rule in sorted(policy.deny)),
        *(("the list of disabled plugins", rule, names) for rule in sorted(policy.disabled)),
    ]
    for place, rule, candidates in rules:
        if canonical_name(rule) not in candidates:
            yield Problem(
                severity="warning",
                code="RULE_IDLE",
                plugins=(),
                message=f"{place} names {rule!r}, which nothing installed is called",
                next_step="correct the name, or take it out",
            )


def _editable(points: Iterable[EntryPoint]) -> Iterator[Problem]:
    in_place = [point for point in points if _is_editable(point)]
    if in_place:
        owners = ", ".join(sorted({identity_of(point)[0] for point in in_place}))
        yield Problem(
            severity="note",
            code="EDITABLE_INSTALL",
            plugins=tuple(point.name for point in in_place),
            message=f"installed in place, so that what is in the folder now is what runs: {owners}",
            next_step="install releases where others depend on them",
        )


def _is_editable(point: EntryPoint) -> bool:
    record = point.dist.read_text("direct_url.json") if point.dist else None
    try:
        return bool(record and json.loads(record).get("dir_info", {}).get("editable"))
    except (ValueError, AttributeError):  # a record that nobody can read proves nothing
        return False
