"""The integrations of this process, from what is installed and what is stored.

A start reads all definitions in one statement. A plugin that looks as it did when its definition was stored is not
imported; one that is new, changed, or failed before is, and what it declares now is stored in one statement. A plugin
of a third party is imported in a child process first.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from importlib_metadata import EntryPoint

from wren_backend.definitions import repository
from wren_backend.definitions.models import DefinitionSource
from wren_backend.definitions.repository import Known
from wren_backend.storage.database import Database
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.integration import Integration
from wren_core.declarative.integration import declared_integration
from wren_core.declarative.unbound import is_unbound
from wren_core.plugins.discovery import Discovery, FailedPlugin, LoadedPlugin, discover
from wren_core.plugins.fingerprint import Fingerprints
from wren_core.plugins.plugin import Plugin, StoredPlugin
from wren_core.plugins.policy import PluginPolicy
from wren_core.plugins.registry import Registry, plugin_failed

log = structlog.get_logger(__name__)


def open_catalogue(database: Database, *, now: datetime, policy: PluginPolicy | None = None) -> Registry:
    """Return the registry of installed plugins and of the operator's definitions, and update the table.

    Args:
        database: holds the definitions of the last start.
        now: when a changed definition changed.
        policy: which plugins and declared definitions may be loaded; what it refuses is not served and keeps its row.
    """
    with _without_collecting():
        with database.reading() as session:
            stored = repository.list_known(session)
        memory = _Memory([row for row in stored if row.source is DefinitionSource.PLUGIN], policy)
        found = discover(policy=policy, recall=memory.recall, tries_first=True)
    loaded, failed = _split_storable(found)
    changed = [memory.known(plugin) for plugin in loaded.values() if isinstance(plugin, LoadedPlugin)]
    gone = memory.gone(loaded, failed)
    if changed or gone:
        with database.writing() as session:
            repository.replace_plugins(session, changed, gone=gone, now=now)
    for row in (row for row in stored if row.source is DefinitionSource.DECLARED):
        _add_declared(row, loaded, failed, policy=policy or PluginPolicy())
    return Registry(loaded=loaded, failed=failed)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Suspend the garbage collector, which would scan all imported objects once per few hundred new ones."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Memory:
    """The stored rows of plugins, and the fingerprints taken at this start."""

    def __init__(self, rows: list[Known], policy: PluginPolicy | None) -> None:
        self._rows = {row.name: row for row in rows}
        self._policy = policy
        self._fingerprints = Fingerprints()
        # Taken before a plugin is imported: a change during the import is noticed at the next start.
        self._seen: dict[str, str] = {}

    def recall(self, point: EntryPoint) -> Plugin | None:
        """Return an unchanged plugin, or None."""
        fingerprint = self._seen[point.name] = self._fingerprints.of(point)
        row = self._rows.get(point.name)
        if row is None or row.fingerprint != fingerprint:
            # Before the import: a plugin that ends the process leaves no other trace.
            log.info("plugin.importing", plugin=point.name, module=point.value)
            return None
        return _stored_plugin(row, lambda: self._import(point))

    def known(self, plugin: LoadedPlugin) -> Known:
        """Return the row of a plugin that was imported."""
        return Known(
            name=plugin.name,
            source=DefinitionSource.PLUGIN,
            distribution=plugin.distribution,
            distribution_version=plugin.version,
            fingerprint=self._seen[plugin.name],
            integration_type=plugin.integration_type,
            document=plugin.document,
        )

    def gone(self, loaded: dict[str, Plugin], failed: dict[str, FailedPlugin]) -> list[str]:
        """List the rows to delete: of plugins that are uninstalled or fail now; one that was not tried stays."""
        return [name for name in self._rows if name not in loaded and (name not in failed or name in self._seen)]

    def _import(self, point: EntryPoint) -> type[Integration]:
        found = discover(policy=self._policy, entry_points=[point])
        if found.failed:
            raise plugin_failed(found.failed[0])
        return found.loaded[0].integration


def _split_storable(found: Discovery) -> tuple[dict[str, Plugin], dict[str, FailedPlugin]]:
    """Separate what can be stored from what cannot: a schema may hold values that JSON does not have."""
    loaded: dict[str, Plugin] = {}
    failed = {plugin.name: plugin for plugin in found.failed}
    for plugin in found.loaded:
        try:
            _ = plugin.document
            loaded[plugin.name] = plugin
        except ValueError as exc:
            failed[plugin.name] = _failure(plugin, "PLUGIN_INVALID", f"its definition cannot be written as JSON: {exc}")
    return loaded, failed


def _add_declared(
    row: Known, loaded: dict[str, Plugin], failed: dict[str, FailedPlugin], *, policy: PluginPolicy
) -> None:
    """Add an operator's definition; where a plugin has its name, neither is served, or the plugin performs it."""
    declared = _stored_plugin(row, lambda: declared_integration(_parse_definition(row)))
    refusal = policy.refusal(row.name, "")
    if refusal is not None:
        if row.name not in loaded:
            failed.setdefault(row.name, _failure(declared, refusal.code, refusal.reason))
        return
    if row.name in loaded and is_unbound(_parse_definition(row).to_spec()):
        return
    rival = loaded.pop(row.name, None) or failed.get(row.name)
    if rival is not None:
        reason = f"{rival.distribution} and the operator both declare {row.name!r}; remove one of them"
        failed[row.name] = _failure(rival, "DUPLICATE_NAME", reason)
        return
    try:
        _ = declared.integration
        loaded[row.name] = declared
    except Exception as exc:  # noqa: BLE001 - a definition of an older release must not keep the server from starting
        failed[row.name] = _failure(declared, "PLUGIN_INVALID", f"its declared definition cannot be used: {exc}")


def _stored_plugin(row: Known, load: Callable[[], type[Integration]]) -> StoredPlugin:
    return StoredPlugin(
        name=row.name,
        distribution=row.distribution,
        version=row.distribution_version,
        integration_type=row.integration_type,
        document=row.document,
        load=load,
    )


def _parse_definition(row: Known) -> IntegrationDefinition:
    return IntegrationDefinition.model_validate_json(row.document)


def _failure(plugin: Plugin | FailedPlugin, code: str, reason: str) -> FailedPlugin:
    return FailedPlugin(
        name=plugin.name, distribution=plugin.distribution, version=plugin.version, code=code, reason=reason
    )
