"""Diagnoses every installed plugin: what fails, why, and what to do.

A plugin is loaded only in a separate process, and only if the policy allows it.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from importlib_metadata import EntryPoint

from wren.installed_plugins.dependency_conflicts import find_conflicts
from wren.installed_plugins.examination import Examination, examine
from wren.installed_plugins.problem import PluginProblem, make_failure
from wren.installed_plugins.survey import State, Survey, SurveyedPlugin, survey_plugins
from wren_core.plugins.discovery import find_entry_points, identity_of
from wren_core.plugins.policy import PluginPolicy, canonical_name
from wren_core.plugins.registry import integration_unknown

FAKES = "wren.fakes"
_HOSTS = ("wren-core", "wren-sdk", "wren-backend")
_SLOW_SECONDS = 0.4
_SLOWEST = 3


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The plugins, loaded where the policy allows it, and their problems."""

    plugins: tuple[SurveyedPlugin, ...]
    problems: tuple[PluginProblem, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether there are no errors; warnings and notes do not count."""
        return all(problem.severity != "error" for problem in self.problems)


def diagnose(policy: PluginPolicy, name: str | None = None) -> Diagnosis:
    """Examine all plugins, or those with one name.

    Raises:
        IntegrationUnknown: nothing installed has that name; with the nearest one.
    """
    found = _select_by_name(survey_plugins(policy), name)
    examined = examine(found.loadable, policy.time_limit)
    problems = [
        *_report_refused(found.plugins),
        *_report_failures(found.plugins, examined),
        *_report_conflicts(found.plugins, everything=name is None),
        *_report_slow(examined),
        *_report_missing_fakes(examined),
        *(_report_idle_rules(policy, found.plugins) if name is None else ()),
        *_report_editable(found.loadable),
    ]
    return Diagnosis(plugins=merge_examinations(found.plugins, examined), problems=tuple(problems))


def merge_examinations(
    plugins: Iterable[SurveyedPlugin], examined: Iterable[Examination]
) -> tuple[SurveyedPlugin, ...]:
    """Return the plugins with the results of their examination."""
    known = {(item.name, item.distribution): item for item in examined}
    return tuple(_merge_examination(plugin, known.get((plugin.name, plugin.distribution))) for plugin in plugins)


def _merge_examination(plugin: SurveyedPlugin, examination: Examination | None) -> SurveyedPlugin:
    if examination is None:
        return plugin
    state: State = "failed" if examination.code else "ok"
    return replace(plugin, state=state, code=examination.code, reason=examination.reason)


def _select_by_name(found: Survey, name: str | None) -> Survey:
    if name is None:
        return found
    plugins = tuple(plugin for plugin in found.plugins if plugin.name == name)
    if not plugins:
        raise integration_unknown(name, sorted({plugin.name for plugin in found.plugins}))
    return Survey(plugins=plugins, loadable=tuple(point for point in found.loadable if point.name == name))


def _report_refused(plugins: Iterable[SurveyedPlugin]) -> Iterator[PluginProblem]:
    reported: set[str] = set()
    for plugin in plugins:
        if plugin.state == "duplicate" and plugin.name not in reported:
            reported.add(plugin.name)  # one problem for both plugins: its reason names them
            yield replace(make_failure(plugin, plugin.code, plugin.reason), message=plugin.reason)
        if plugin.state in ("incompatible", "unreadable"):
            yield make_failure(plugin, plugin.code, plugin.reason)


def _report_failures(plugins: Iterable[SurveyedPlugin], examined: Iterable[Examination]) -> Iterator[PluginProblem]:
    by_name = {(plugin.name, plugin.distribution): plugin for plugin in plugins}
    for item in examined:
        if item.code:
            yield make_failure(by_name[item.name, item.distribution], item.code, item.reason)


def _report_conflicts(plugins: Iterable[SurveyedPlugin], *, everything: bool) -> Iterator[PluginProblem]:
    owners: dict[str, list[str]] = {}
    for plugin in plugins:
        if plugin.state != "disabled" and plugin.distribution:
            owners.setdefault(plugin.distribution, []).append(plugin.name)
    for conflict in find_conflicts([*owners, *(_HOSTS if everything else ())]):
        concerned = sorted(name for root in conflict.roots for name in owners.get(root, ()))
        step = "install compatible versions (`pip check` lists all conflicts), or disable a plugin that needs it"
        yield PluginProblem(
            severity="error",
            code="DEPENDENCY_CONFLICT" if conflict.installed else "DEPENDENCY_MISSING",
            plugins=tuple(concerned),
            message=str(conflict),
            next_step=step if conflict.installed else f"`pip install {conflict.unmet[0].requirement}`",
        )


def _report_slow(examined: Iterable[Examination]) -> Iterator[PluginProblem]:
    for item in examined:
        if not item.code and item.seconds >= _SLOW_SECONDS:
            slowest = ", ".join(f"{package} {seconds * 1000:.0f} ms" for package, seconds in item.heavy[:_SLOWEST])
            yield PluginProblem(
                severity="warning",
                code="IMPORT_SLOW",
                plugins=(item.name,),
                message=f"{item.name} takes {item.seconds * 1000:.0f} ms to load: {slowest}",
                next_step="its author should import client libraries where they are used, such as in connect()",
            )


def _report_missing_fakes(examined: Iterable[Examination]) -> Iterator[PluginProblem]:
    fakes = {point.name for point in find_entry_points(FAKES)}
    for item in examined:
        if item.contacts and item.name not in fakes:
            yield PluginProblem(
                severity="warning",
                code="FAKE_MISSING",
                plugins=(item.name,),
                message=f"{item.name} has no fake provider, so its scripts can be tested only with the real one",
                next_step=f"its author should add one in the entry-point group {FAKES}",
            )


def _report_idle_rules(policy: PluginPolicy, plugins: Iterable[SurveyedPlugin]) -> Iterator[PluginProblem]:
    names = {canonical_name(plugin.name) for plugin in plugins}
    known = names | {canonical_name(plugin.distribution) for plugin in plugins}
    rules = [
        *(("WREN_PLUGINS_ALLOW", rule, known) for rule in sorted(policy.allow)),
        *(("WREN_PLUGINS_DENY", rule, known) for rule in sorted(policy.deny)),
        *(("the list of disabled plugins", rule, names) for rule in sorted(policy.disabled)),
    ]
    for place, rule, candidates in rules:
        if canonical_name(rule) not in candidates:
            yield PluginProblem(
                severity="warning",
                code="RULE_IDLE",
                plugins=(),
                message=f"{place} names {rule!r}, which is not installed",
                next_step="correct the name, or remove it",
            )


def _report_editable(points: Iterable[EntryPoint]) -> Iterator[PluginProblem]:
    in_place = [point for point in points if _is_editable(point)]
    if in_place:
        owners = ", ".join(sorted({identity_of(point)[0] for point in in_place}))
        yield PluginProblem(
            severity="note",
            code="EDITABLE_INSTALL",
            plugins=tuple(point.name for point in in_place),
            message=f"installed in editable mode, so the current files of the folder are used: {owners}",
            next_step="install releases on machines that others depend on",
        )


def _is_editable(point: EntryPoint) -> bool:
    record = point.dist.read_text("direct_url.json") if point.dist else None
    try:
        return bool(record and json.loads(record).get("dir_info", {}).get("editable"))
    except (ValueError, AttributeError):  # an unreadable record
        return False
