"""From entry points to loaded integrations, one at a time.

Names come from the metadata of installed distributions; nothing is imported for them. Each entry point is loaded on
its own, in a thread with a time limit: whatever it does, the others still load, and the failure is recorded with the
distribution, its version and the cause.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import importlib_metadata
import pluggy

from wren_core import hookspecs
from wren_core.integration import Integration

GROUP = "wren.integrations"
CONTRACT_DISTRIBUTION = "wren-core"
DEFAULT_TIME_LIMIT = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class LoadedPlugin:
    """A plugin that answered."""

    name: str
    distribution: str
    version: str
    integration: type[Integration]


@dataclass(frozen=True, kw_only=True)
class FailedPlugin:
    """A plugin that did not, and why."""

    name: str
    distribution: str
    version: str
    code: str
    """One of DUPLICATE_NAME, CONTRACT_VERSION, PLUGIN_RAISED, PLUGIN_EXITED, PLUGIN_TIMED_OUT, DEPENDENCY_MISSING,
    PLUGIN_INVALID."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """What was found: sorted by name."""

    loaded: tuple[LoadedPlugin, ...] = ()
    failed: tuple[FailedPlugin, ...] = ()


class _RefusedError(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def find_entry_points(group: str = GROUP) -> list[importlib_metadata.EntryPoint]:
    """List the entry points of installed plugins, sorted by name and distribution; imports none of them."""
    found = importlib_metadata.entry_points(group=group)
    return sorted(found, key=lambda point: (point.name, _distribution(point)[0]))


def integration_names() -> list[str]:
    """List the names of all installed integrations, sorted; imports none of them."""
    return sorted({point.name for point in importlib_metadata.entry_points(group=GROUP)})


def discover(
    only: Collection[str] | None = None,
    *,
    time_limit: timedelta = DEFAULT_TIME_LIMIT,
    entry_points: Iterable[importlib_metadata.EntryPoint] | None = None,
) -> Discovery:
    """Load the installed plugins, or those named in `only`.

    Args:
        only: entry-point names; None loads all.
        time_limit: longest time one entry point may take to load.
        entry_points: what to load instead of what is installed.
    """
    points = find_entry_points() if entry_points is None else list(entry_points)
    by_name: dict[str, list[importlib_metadata.EntryPoint]] = defaultdict(list)
    for point in points:
        if only is None or point.name in only:
            by_name[point.name].append(point)
    loaded: list[LoadedPlugin] = []
    failed: list[FailedPlugin] = []
    for name in sorted(by_name):
        result = _load_named(by_name[name], time_limit)
        loaded.extend(item for item in result if isinstance(item, LoadedPlugin))
        failed.extend(item for item in result if isinstance(item, FailedPlugin))
    return Discovery(loaded=tuple(loaded), failed=tuple(failed))


def _load_named(
    points: list[importlib_metadata.EntryPoint], time_limit: timedelta
) -> list[LoadedPlugin | FailedPlugin]:
    if len(points) > 1:
        # Refusing both is the only order-independent answer: a second package must not replace a trusted one.
        owners = " and ".join(sorted(_distribution(point)[0] for point in points))
        reason = f"{owners} both offer {points[0].name!r}; uninstall one of them"
        return [_failed(point, "DUPLICATE_NAME", reason) for point in points]
    return [_load(points[0], time_limit)]


def _load(point: importlib_metadata.EntryPoint, time_limit: timedelta) -> LoadedPlugin | FailedPlugin:
    distribution, version = _distribution(point)
    try:
        _check_contract(point)
        plugin = _within(time_limit, point.load)
        integration = _within(time_limit, lambda: _integration_of(plugin, point.name))
        return LoadedPlugin(name=point.name, distribution=distribution, version=version, integration=integration)
    except _RefusedError as exc:
        return _failed(point, exc.code, str(exc))
    except ModuleNotFoundError as exc:
        return _failed(point, "DEPENDENCY_MISSING", f"{exc}; reinstall {distribution} with its dependencies")
    except SystemExit as exc:
        return _failed(point, "PLUGIN_EXITED", f"called sys.exit({exc.code!r}) while it was loaded")
    except BaseException as exc:  # noqa: BLE001 - the boundary at which a broken plugin stops
        return _failed(point, "PLUGIN_RAISED", f"{type(exc).__name__}: {exc}")


def _within(time_limit: timedelta, action: Callable[[], Any]) -> Any:
    """Run `action` in a thread of its own; a plugin that hangs keeps that thread and nothing else."""
    outcome: list[Any] = []
    error: list[BaseException] = []

    def perform() -> None:
        try:
            outcome.append(action())
        except BaseException as exc:  # noqa: BLE001 - handed to the caller, who records it
            error.append(exc)

    thread = threading.Thread(target=perform, name="wren-plugin-load", daemon=True)
    thread.start()
    thread.join(time_limit.total_seconds())
    if thread.is_alive():
        raise _RefusedError("PLUGIN_TIMED_OUT", f"did not load within {time_limit.total_seconds():g} s")
    if error:
        raise error[0]
    return outcome[0]


def _check_contract(point: importlib_metadata.EntryPoint) -> None:
    """Compare the plugin's own requirement on the contract with the contract's version, before importing it."""
    from packaging.requirements import InvalidRequirement, Requirement  # here: listing names must not pay
    from packaging.utils import canonicalize_name

    have = importlib_metadata.version(CONTRACT_DISTRIBUTION)
    for text in (point.dist.requires if point.dist else None) or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) == CONTRACT_DISTRIBUTION and not requirement.specifier.contains(
            have, prereleases=True
        ):
            reason = f"needs {CONTRACT_DISTRIBUTION}{requirement.specifier}, installed is {have}; update one of them"
            raise _RefusedError("CONTRACT_VERSION", reason)


def _integration_of(plugin: Any, name: str) -> type[Integration]:
    offered = _offered_by(plugin)
    wrong = [item for item in offered if not (isinstance(item, type) and issubclass(item, Integration))]
    if wrong:
        raise _RefusedError("PLUGIN_INVALID", f"offers {wrong[0]!r}, which is not an Integration class")
    for integration in offered:
        if getattr(integration, "spec", None) is not None and integration.spec.name == name:
            _check_declaration(integration)
            return integration  # type: ignore[no-any-return]
    names = [getattr(getattr(item, "spec", None), "name", item.__name__) for item in offered]
    raise _RefusedError(
        "PLUGIN_INVALID", f"entry point {name!r} offers {names}; spec.name must equal the entry point's name"
    )


def _offered_by(plugin: Any) -> list[Any]:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError, TypeError) as exc:
        raise _RefusedError("PLUGIN_INVALID", f"answers the hooks wrongly: {exc}") from exc
    answers = manager.hook.wren_integrations()
    return [item for answer in answers for item in answer]


def _check_declaration(integration: type[Integration]) -> None:
    try:
        spec = integration.full_spec()
        for method in integration.methods().values():
            _ = method.input_validator, method.output_validator
    except (TypeError, ValueError) as exc:
        raise _RefusedError("PLUGIN_INVALID", f"declares {integration.__name__} wrongly: {exc}") from exc
    undocumented = [method.id for method in spec.methods if not method.description]
    if undocumented:
        raise _RefusedError("PLUGIN_INVALID", f"methods without a docstring: {', '.join(undocumented)}")


def _failed(point: importlib_metadata.EntryPoint, code: str, reason: str) -> FailedPlugin:
    distribution, version = _distribution(point)
    return FailedPlugin(name=point.name, distribution=distribution, version=version, code=code, reason=reason)


def _distribution(point: importlib_metadata.EntryPoint) -> tuple[str, str]:
    if point.dist is None:
        return "", ""
    return point.dist.name, point.dist.version
