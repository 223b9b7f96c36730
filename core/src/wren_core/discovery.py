"""From entry points to loaded integrations, one at a time.

Names come from the metadata of installed distributions; nothing is imported for them. Each entry point is loaded on
its own, in a thread with a time limit: whatever it does, the others still load, and the failure is recorded with the
distribution, its version and the cause. Two things stop at no boundary: a plugin that ends the process itself
(`os._exit`, a crash in native code) ends the host too, and what a hanging plugin holds is not given back. Plugins are
trusted code; the sandbox is for scripts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import importlib_metadata as metadata
from importlib_metadata import EntryPoint, IDistribution

from wren_core.integration import Integration
from wren_core.loading import RefusedError, load_integration, said

GROUP = "wren.integrations"
DEFAULT_TIME_LIMIT = timedelta(seconds=10)
_REASON_LIMIT = 500


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


def find_entry_points(group: str = GROUP) -> list[EntryPoint]:
    """List the entry points of installed plugins, sorted by name and distribution; imports none of them."""
    return _scan(group)[0]


def integration_names() -> list[str]:
    """List the names of all installed integrations, sorted; imports none of them."""
    return sorted({point.name for point in _entry_points(GROUP)[0]})


def discover(
    only: Collection[str] | None = None,
    *,
    time_limit: timedelta = DEFAULT_TIME_LIMIT,
    entry_points: Iterable[EntryPoint] | None = None,
) -> Discovery:
    """Load the installed plugins, or those named in `only`.

    Args:
        only: entry-point names; None loads all.
        time_limit: longest time one entry point may take to load.
        entry_points: what to load instead of what is installed.
    """
    wanted = {only} if isinstance(only, str) else only
    points, unreadable = _scan(GROUP) if entry_points is None else (list(entry_points), [])
    by_name: dict[str, list[EntryPoint]] = defaultdict(list)
    for point in points:
        by_name[point.name].append(point)
    results = [
        item for name in sorted(by_name) if _wants(wanted, name) for item in _load_named(by_name[name], time_limit)
    ]
    results += [item for item in unreadable if _wants(wanted, item.name)]
    return Discovery(
        loaded=tuple(item for item in results if isinstance(item, LoadedPlugin)),
        failed=tuple(item for item in results if isinstance(item, FailedPlugin)),
    )


def _wants(wanted: Collection[str] | None, name: str) -> bool:
    return wanted is None or name in wanted


def _scan(group: str) -> tuple[list[EntryPoint], list[FailedPlugin]]:
    points, unreadable = _entry_points(group)
    return sorted(points, key=lambda point: (point.name, *_distribution(point))), unreadable


def _entry_points(group: str) -> tuple[Iterable[EntryPoint], list[FailedPlugin]]:
    try:
        return metadata.entry_points(group=group), []
    except Exception:  # noqa: BLE001 - any installed distribution, a plugin or not, can spoil the quick way
        return _entry_points_one_by_one(group)


def _entry_points_one_by_one(group: str) -> tuple[list[EntryPoint], list[FailedPlugin]]:
    points: dict[str, list[EntryPoint]] = {}
    unreadable: list[FailedPlugin] = []
    for distribution in metadata.distributions():
        name, version = _identity(distribution)
        if name in points:
            continue  # the same project further down sys.path: Python imports the first
        try:
            points[name] = list(distribution.entry_points.select(group=group))
        except Exception as exc:  # noqa: BLE001 - whatever is wrong with the file, the others are read
            if _mentions(distribution, group):
                reason = f"its entry_points.txt cannot be read: {said(exc)}"
                failed = FailedPlugin(
                    name=name, distribution=name, version=version, code="PLUGIN_INVALID", reason=reason
                )
                unreadable.append(failed)
    return [point for found in points.values() for point in found], unreadable


def _mentions(distribution: IDistribution, group: str) -> bool:
    try:
        return group in (distribution.read_text("entry_points.txt") or "")
    except UnicodeDecodeError as exc:
        return group.encode() in exc.object


def _load_named(points: list[EntryPoint], time_limit: timedelta) -> list[LoadedPlugin | FailedPlugin]:
    if len(points) > 1:
        # Refusing both is the only order-independent answer: a second package must not replace a trusted one.
        owners = " and ".join(sorted(_distribution(point)[0] for point in points))
        reason = f"{owners} both offer {points[0].name!r}; uninstall one of them"
        return [_failed(point, RefusedError("DUPLICATE_NAME", reason)) for point in points]
    return [_load(points[0], time_limit)]


def _load(point: EntryPoint, time_limit: timedelta) -> LoadedPlugin | FailedPlugin:
    distribution, version = _distribution(point)
    try:
        integration = load_integration(point, time_limit)
    except RefusedError as exc:
        return _failed(point, exc)
    return LoadedPlugin(name=point.name, distribution=distribution, version=version, integration=integration)


def _failed(point: EntryPoint, refusal: RefusedError) -> FailedPlugin:
    distribution, version = _distribution(point)
    reason = str(refusal)
    return FailedPlugin(
        name=point.name,
        distribution=distribution,
        version=version,
        code=refusal.code,
        reason=reason if len(reason) <= _REASON_LIMIT else reason[:_REASON_LIMIT] + "...",
    )


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return _identity(point.dist) if point.dist is not None else ("", "")


def _identity(distribution: IDistribution) -> tuple[str, str]:
    """Return name and version; where the metadata are broken, what the folder's name says."""
    folder = Path(str(getattr(distribution, "_path", ""))).stem.partition("-")
    try:
        return distribution.name, distribution.version
    except Exception:  # noqa: BLE001 - a missing, empty or undecodable METADATA must not hide the other plugins
        return folder[0], folder[2]
