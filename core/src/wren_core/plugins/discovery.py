"""Find installed plugins by their entry points, and load them one at a time.

Names come from the metadata of installed distributions, which imports nothing. Each entry point is loaded separately,
in a thread with a time limit: whatever one plugin does, the others still load, and its failure is recorded with the
distribution, the version and the cause. Two faults pass this boundary where nothing is tried in a child process first
(`tries_first`): a plugin that ends the process (`os._exit`, a crash in native code) ends the host, and a plugin that
hangs keeps its resources, or the whole interpreter. Plugins are trusted code; the sandbox is for scripts.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import importlib_metadata as metadata
from importlib_metadata import EntryPoint, IDistribution

from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec, IntegrationType
from wren_core.contract.versions import semver_of
from wren_core.declarative.unbound import UnboundMethod
from wren_core.plugins.entry_points import DEFINITIONS_GROUP, quick_entry_points
from wren_core.plugins.loading import load_integration
from wren_core.plugins.plugin import Plugin, document_of
from wren_core.plugins.policy import PluginPolicy
from wren_core.plugins.refusal import RefusedError, error_text
from wren_core.plugins.trial import try_imports

GROUP = "wren.integrations"
_GROUPS = (GROUP, DEFINITIONS_GROUP)
_REASON_LIMIT = 500


@dataclass(frozen=True, kw_only=True)
class LoadedPlugin:
    """A plugin that loaded."""

    name: str
    distribution: str
    version: str
    integration: type[Integration]

    @cached_property
    def spec(self) -> IntegrationSpec:
        """The complete spec; where it has no version, that of the distribution."""
        spec = self.integration.full_spec()
        return spec if spec.version else spec.model_copy(update={"version": semver_of(self.version)})

    @property
    def integration_type(self) -> IntegrationType:
        """What kind of integration it is."""
        return self.spec.type

    @property
    def unbound(self) -> tuple[str, ...]:
        """Ids of the methods that nothing performs."""
        return tuple(name for name, item in self.integration.methods().items() if isinstance(item, UnboundMethod))

    @cached_property
    def document(self) -> str:
        """The definition as one JSON text."""
        return document_of(self.spec)


@dataclass(frozen=True, kw_only=True)
class FailedPlugin:
    """A plugin that did not load, and why."""

    name: str
    distribution: str
    version: str
    code: str
    """One of DUPLICATE_NAME, CONTRACT_VERSION, PLUGIN_RAISED, PLUGIN_EXITED, PLUGIN_TIMED_OUT, PLUGIN_ENDED_PROCESS,
    DEPENDENCY_MISSING, PLUGIN_INVALID; or, where the host's policy refused it before it was imported, one of
    `policy.REFUSAL_CODES`."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """The plugins that were found, sorted by name."""

    loaded: tuple[Plugin, ...] = ()
    failed: tuple[FailedPlugin, ...] = ()


def find_entry_points(*groups: str) -> list[EntryPoint]:
    """List the entry points of installed plugins, sorted by name and distribution; imports none of them.

    Args:
        groups: groups of entry points; by default those of integrations.
    """
    return scan_entry_points(*groups)[0]


def integration_names() -> list[str]:
    """List the names of all installed integrations, sorted; imports none of them."""
    return sorted({point.name for point in _entry_points(_GROUPS)[0]})


def discover(
    only: Collection[str] | None = None,
    *,
    policy: PluginPolicy | None = None,
    time_limit: timedelta | None = None,
    entry_points: Iterable[EntryPoint] | None = None,
    recall: Callable[[EntryPoint], Plugin | None] = lambda _point: None,
    tries_first: bool = False,
) -> Discovery:
    """Load the installed plugins, or those named in `only`.

    Args:
        only: entry-point names; None loads all.
        policy: what may be loaded; what it refuses is not imported and counts as failed. None allows all.
        time_limit: longest time that one entry point may take to load; by default that of the policy.
        entry_points: load these instead of the installed ones.
        recall: returns a plugin that is already known, which is then not loaded. It is not called for an entry point
            that the policy refuses, or that has the same name as another.
        tries_first: import plugins of third parties in a child process first, which a plugin that blocks the
            interpreter, crashes or exits ends instead of this one; for a host that must survive each.
    """
    policy = policy or PluginPolicy()
    limit = time_limit or policy.time_limit
    wanted = {only} if isinstance(only, str) else only
    points, unreadable = scan_entry_points() if entry_points is None else (list(entry_points), [])
    admitted, refused = apply_policy((point for point in points if _wants(wanted, point.name)), policy)
    known = [(point, recall(point)) for point in admitted]
    unsafe = _try_first([point for point, plugin in known if plugin is None], policy, limit) if tries_first else {}
    loaded = [plugin or _load(point, limit, unsafe.get(point.name)) for point, plugin in known]
    results = sorted([*refused, *loaded], key=lambda item: item.name)
    results += [item for item in unreadable if _wants(wanted, item.name)]
    return Discovery(
        loaded=tuple(item for item in results if not isinstance(item, FailedPlugin)),
        failed=tuple(item for item in results if isinstance(item, FailedPlugin)),
    )


def _wants(wanted: Collection[str] | None, name: str) -> bool:
    return wanted is None or name in wanted


def scan_entry_points(*groups: str) -> tuple[list[EntryPoint], list[FailedPlugin]]:
    """Return the entry points, sorted, and the distributions whose entry points cannot be read; imports nothing."""
    points, unreadable = _entry_points(groups or _GROUPS)
    return sorted(points, key=lambda point: (point.name, _owner(point))), unreadable


def _entry_points(groups: tuple[str, ...]) -> tuple[Iterable[EntryPoint], list[FailedPlugin]]:
    quick = quick_entry_points(*groups)
    if quick is not None:
        return quick, []
    try:
        return [point for group in groups for point in metadata.entry_points(group=group)], []
    except Exception:  # noqa: BLE001 - any broken distribution, even one without plugins, makes the fast read fail
        return _entry_points_one_by_one(groups)


def _entry_points_one_by_one(groups: tuple[str, ...]) -> tuple[list[EntryPoint], list[FailedPlugin]]:
    points: dict[str, list[EntryPoint]] = {}
    unreadable: list[FailedPlugin] = []
    for distribution in metadata.distributions():
        name, version = _identity(distribution)
        if name in points:
            continue  # the same project later in sys.path: Python imports the first one
        try:
            points[name] = [point for group in groups for point in distribution.entry_points.select(group=group)]
        except Exception as exc:  # noqa: BLE001 - a broken file must not keep the others from being read
            if any(_mentions(distribution, group) for group in groups):
                reason = f"its entry_points.txt cannot be read: {error_text(exc)}"
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


def apply_policy(points: Iterable[EntryPoint], policy: PluginPolicy) -> tuple[list[EntryPoint], list[FailedPlugin]]:
    """Separate the entry points to load from those refused, by the policy or as duplicates; imports nothing."""
    admitted: dict[str, list[EntryPoint]] = defaultdict(list)
    refused: list[FailedPlugin] = []
    for point in points:
        refusal = policy.refusal(point.name, _owner(point))
        if refusal is None:
            admitted[point.name].append(point)
        else:
            refused.append(_make_failure(point, RefusedError(refusal.code, refusal.reason)))
    refused += [item for same in admitted.values() if len(same) > 1 for item in _refuse_duplicates(same)]
    return [same[0] for same in admitted.values() if len(same) == 1], refused


def _refuse_duplicates(points: list[EntryPoint]) -> list[FailedPlugin]:
    # Refusing both is the only result that does not depend on the order: a package must not replace a trusted one.
    owners = " and ".join(sorted(identity_of(point)[0] for point in points))
    reason = f"{owners} both offer {points[0].name!r}; uninstall one of them"
    return [_make_failure(point, RefusedError("DUPLICATE_NAME", reason)) for point in points]


def _try_first(points: list[EntryPoint], policy: PluginPolicy, limit: timedelta) -> dict[str, RefusedError]:
    return try_imports([point for point in points if not policy.is_first_party(_owner(point))], limit)


def _load(point: EntryPoint, time_limit: timedelta, refusal: RefusedError | None = None) -> LoadedPlugin | FailedPlugin:
    if refusal is not None:
        return _make_failure(point, refusal)
    distribution, version = identity_of(point)
    try:
        integration = load_integration(point, time_limit)
    except RefusedError as exc:
        return _make_failure(point, exc)
    return LoadedPlugin(name=point.name, distribution=distribution, version=version, integration=integration)


def _make_failure(point: EntryPoint, refusal: RefusedError) -> FailedPlugin:
    distribution, version = identity_of(point)
    reason = str(refusal)
    return FailedPlugin(
        name=point.name,
        distribution=distribution,
        version=version,
        code=refusal.code,
        reason=reason if len(reason) <= _REASON_LIMIT else reason[:_REASON_LIMIT] + "...",
    )


def _owner(point: EntryPoint) -> str:
    """Return the distribution's name from its folder: reading the metadata of a thousand takes a second."""
    folder = getattr(point.dist, "_path", None)
    if isinstance(folder, Path) and folder.name.endswith(".dist-info"):
        return folder.name.partition("-")[0]
    return identity_of(point)[0]


def identity_of(point: EntryPoint) -> tuple[str, str]:
    """Return name and version of the distribution of an entry point."""
    return _identity(point.dist) if point.dist is not None else ("", "")


def _identity(distribution: IDistribution) -> tuple[str, str]:
    """Return name and version; where the metadata are broken, those in the folder's name."""
    folder = Path(str(getattr(distribution, "_path", ""))).stem.partition("-")
    try:
        return distribution.name, distribution.version
    except Exception:  # noqa: BLE001 - a missing, empty or undecodable METADATA must not hide the other plugins
        return folder[0], folder[2]
