"""Which integrations are installed on this machine; each is loaded when somebody asks for it, alone and once."""

from functools import cache, cached_property

from wren_core.discovery import LoadedPlugin, discover, integration_names
from wren_core.integration import Integration
from wren_core.registry import Registry, integration_unknown
from wren_core.spec import IntegrationSpec


class Catalogue:
    """The installed integrations by name. Knowing the names imports nothing."""

    def __init__(self) -> None:
        self._registries: dict[str, Registry] = {}

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(integration_names())

    def names(self) -> list[str]:
        """List the names of all installed integrations, sorted, whether or not they can be loaded."""
        return list(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def plugin(self, name: str) -> LoadedPlugin:
        """Load one integration and return it with its distribution.

        Raises:
            IntegrationUnknown: with the nearest installed name.
            PluginFailed: it is installed and could not be loaded; the message says why.
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
            self._registries[name] = Registry.from_discovery(discover({name}))
        return self._registries[name]


@cache
def installed() -> Catalogue:
    """Return this process's catalogue: what is installed does not change under a running script."""
    return Catalogue()
