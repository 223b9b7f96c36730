"""The integrations of this machine, installed or declared in a file; each is loaded alone, on its first use."""

import json
import os
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

from wren.script.definition_files import list_definition_files
from wren.script.described_plugin import DescribedPlugin, describe_published, is_large
from wren.script.plugin_policy import read_plugin_policy
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import DefinitionInvalid
from wren_core.plugins.discovery import (
    Discovery,
    FailedPlugin,
    LoadedPlugin,
    discover,
    find_entry_points,
    integration_names,
)
from wren_core.plugins.plugin import Plugin
from wren_core.plugins.policy import PluginPolicy
from wren_core.plugins.registry import Registry, integration_unknown


class Catalogue:
    """The installed integrations by name, and those declared in files. Listing names imports and reads nothing.

    Args:
        policy: which integrations may be loaded. Default: all.
        environ: the environment, which names the folder of the files.
    """

    def __init__(self, policy: PluginPolicy | None = None, environ: Mapping[str, str] | None = None) -> None:
        self._policy = policy
        self._files = {} if environ is None else list_definition_files(environ)
        self._declared: dict[str, str] = {}
        self._registries: dict[str, Registry] = {}

    @cached_property
    def _installed_names(self) -> frozenset[str]:
        return frozenset(integration_names())

    @property
    def _names(self) -> list[str]:
        return sorted({*self._installed_names, *self._files, *self._declared})

    def declare(self, definitions: Mapping[str, str]) -> None:
        """Add integrations by their definitions as JSON text; the server that runs a script sends them."""
        self._declared.update(definitions)

    def names(self) -> list[str]:
        """List the names of all installed integrations, sorted, whether or not they can be loaded."""
        return self._names

    def overview(self) -> Registry:
        """Return all integrations, broken ones included; of a large definition only its names are read."""
        declared = {*self._files, *self._declared}
        found = discover(set(self._installed_names) - declared, policy=self._policy, recall=describe_published)
        registry = Registry.from_discovery(found)
        others = {name: self._describe(name) for name in declared}
        loaded = {plugin.name: plugin for item in (registry, *others.values()) for plugin in item}
        failed = {name: plugin for item in (registry, *others.values()) for name, plugin in item.failed.items()}
        return Registry(loaded=loaded, failed=failed)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def plugin(self, name: str) -> Plugin:
        """Load one integration and return it with its distribution.

        Raises:
            IntegrationUnknown: with the nearest installed name.
            PluginFailed: it could not be loaded; the message says why.
        """
        return self._registry(name).plugin(name)

    def get(self, name: str) -> type[Integration]:
        """Return the class of an integration; raises as `plugin` does."""
        return self.plugin(name).integration

    def spec(self, name: str) -> IntegrationSpec:
        """Return the complete spec of an integration; raises as `plugin` does."""
        return self._registry(name).spec(name)

    def _registry(self, name: str) -> Registry:
        if name not in self._names:
            raise integration_unknown(name, self.names())
        if name not in self._registries:
            is_declared = name in self._files or name in self._declared
            found = self._load_declared(name) if is_declared else discover({name}, policy=self._policy)
            self._registries[name] = Registry.from_discovery(found)
        return self._registries[name]

    def _describe(self, name: str) -> Registry:
        """Return the registry of one definition; a small one is loaded, which shows its faults."""
        path = self._files.get(name)
        is_alone = name not in self._installed_names and not (self._policy and self._policy.refusal(name, ""))
        if name in self._registries or not is_alone:
            return self._registry(name)
        try:
            definition = self._read_definition(name, path)
        except DefinitionInvalid:
            return self._registry(name)
        if definition.integration_id != name or not is_large(definition):
            return self._registry(name)
        plugin = DescribedPlugin(name=name, distribution=str(path or "the server"), version="", definition=definition)
        return Registry(loaded={name: plugin}, failed={})

    def _load_declared(self, name: str) -> Discovery:
        """Make the integration of a definition; if two have one name, neither is used (ADR 6)."""
        from wren_core.declarative.integration import declared_integration  # here: most integrations are installed

        path = self._files.get(name)
        owner = str(path or "the server")
        if name in self._installed_names and self._is_performed_by_plugin(name, path):
            return discover({name}, policy=self._policy)
        if name in self._installed_names:
            rivals = ", ".join(point.dist.name for point in find_entry_points() if point.name == name and point.dist)
            return _make_failure(
                name, owner, "DUPLICATE_NAME", f"{rivals} and {owner} both declare {name!r}; remove one"
            )
        refusal = self._policy.refusal(name, "") if self._policy and path is not None else None
        if refusal is not None:
            return _make_failure(name, owner, refusal.code, refusal.reason)
        try:
            definition = self._read_definition(name, path)
            if definition.integration_id != name:
                raise DefinitionInvalid(f"it declares {definition.integration_id!r}; give the file that name")
            integration = declared_integration(definition)
        except DefinitionInvalid as exc:
            return _make_failure(name, owner, "PLUGIN_INVALID", exc.message)
        plugin = LoadedPlugin(name=name, distribution=owner, version="", integration=integration)
        return Discovery(loaded=(plugin,))

    def _read_definition(self, name: str, path: Path | None) -> IntegrationDefinition:
        from wren_core.declarative.publication import read_definition  # here: most integrations are installed

        return read_definition(path) if path else _parse_definition(self._declared[name])

    def _is_performed_by_plugin(self, name: str, path: Path | None) -> bool:
        """Tell whether an installed plugin performs the methods of a definition without a handler."""
        from wren_core.declarative.unbound import is_unbound

        try:
            return is_unbound(self._read_definition(name, path).to_spec())
        except DefinitionInvalid:
            return False


def _parse_definition(text: str) -> IntegrationDefinition:
    try:
        return IntegrationDefinition.from_wire(json.loads(text))
    except ValueError as exc:
        raise DefinitionInvalid(f"its definition is not JSON: {exc}") from exc


def _make_failure(name: str, owner: str, code: str, reason: str) -> Discovery:
    return Discovery(failed=(FailedPlugin(name=name, distribution=owner, version="", code=code, reason=reason),))


@cache
def installed() -> Catalogue:
    """Return this process's catalogue; the installed integrations do not change while a script runs."""
    return Catalogue(read_plugin_policy(os.environ), os.environ)
