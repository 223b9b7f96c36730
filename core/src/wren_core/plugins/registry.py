"""The registry of the integrations of this process, built once and never changed."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import IntegrationUnknown, PluginFailed
from wren_core.nearest import find_nearest, suggest
from wren_core.plugins.discovery import Discovery, FailedPlugin
from wren_core.plugins.plugin import Plugin


class Registry:
    """An immutable lookup of integrations that can be used, and of those that cannot.

    An integration that is known from a stored definition is parsed and imported on first use only.
    """

    def __init__(self, *, loaded: Mapping[str, Plugin], failed: Mapping[str, FailedPlugin]) -> None:
        self._loaded = MappingProxyType(dict(loaded))
        self._failed = MappingProxyType(dict(failed))

    @classmethod
    def from_discovery(cls, discovery: Discovery) -> "Registry":
        """Build the registry of the discovered plugins."""
        return cls(
            loaded={plugin.name: plugin for plugin in discovery.loaded},
            failed={plugin.name: plugin for plugin in discovery.failed},
        )

    @property
    def failed(self) -> Mapping[str, FailedPlugin]:
        """Plugins that did not load, by name."""
        return self._failed

    def names(self) -> list[str]:
        """List the loaded integrations, sorted."""
        return sorted(self._loaded)

    def find(self, name: str) -> type[Integration] | None:
        """Return the integration, or None; imports it on first use."""
        plugin = self._loaded.get(name)
        return plugin.integration if plugin else None

    def get(self, name: str) -> type[Integration]:
        """Return the integration; imports it on first use.

        Raises:
            PluginFailed: it is installed and could not be loaded.
            IntegrationUnknown: with the nearest name.
        """
        return self.plugin(name).integration

    def plugin(self, name: str) -> Plugin:
        """Return the plugin of the integration, without importing it; raises as `get` does."""
        if name in self._loaded:
            return self._loaded[name]
        if name in self._failed:
            raise plugin_failed(self._failed[name])
        raise integration_unknown(name, self.names())

    def spec(self, name: str) -> IntegrationSpec:
        """Return the complete spec with its version, without importing the integration; raises as `get` does."""
        return self.plugin(name).spec

    def __iter__(self) -> Iterator[Plugin]:
        return iter(sorted(self._loaded.values(), key=lambda plugin: plugin.name))

    def __contains__(self, name: object) -> bool:
        return name in self._loaded

    def __len__(self) -> int:
        return len(self._loaded)


def integration_unknown(name: str, known: list[str]) -> IntegrationUnknown:
    """Return the error for an unknown name, with the nearest installed one."""
    nearest = find_nearest(name, known)
    hint = suggest(nearest, otherwise=f"installed are {', '.join(known) or 'none'}")
    return IntegrationUnknown(
        f"no integration {name!r} is installed; {hint}",
        details={"integration": name, "installed": known, "nearest": nearest},
    )


def plugin_failed(plugin: FailedPlugin) -> PluginFailed:
    """Return the error for an installed plugin that did not load."""
    return PluginFailed(
        f"{plugin.name!r} of {plugin.distribution} {plugin.version} could not be loaded: {plugin.reason}",
        details={"integration": plugin.name, "distribution": plugin.distribution, "cause": plugin.code},
    )
