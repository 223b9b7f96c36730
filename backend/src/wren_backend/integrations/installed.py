"""The installed integrations by name, for programs of an operator: no database, no server.

What an operator declared without code is in the database; `wren_backend.definitions.operator` lists that.
"""

from wren_backend.settings import Settings, load_settings
from wren_core.contract.spec import IntegrationSpec
from wren_core.plugins.discovery import discover, integration_names
from wren_core.plugins.registry import Registry, integration_unknown


def list_integrations() -> list[str]:
    """Return the names of all installed integrations, sorted; none of them is imported."""
    return sorted(integration_names())


def get_integration(name: str) -> IntegrationSpec:
    """Return the complete spec of an installed integration; `get_setup_url` leads to the public address of the backend.

    Raises:
        IntegrationUnknown: with the nearest installed name.
        PluginFailed: it is installed and could not be loaded.
        SettingsInvalid: an environment variable of the backend does not fit.
    """
    names = list_integrations()
    if name not in names:
        raise integration_unknown(name, names)
    return _at_public_address(Registry.from_discovery(discover({name})).spec(name), load_settings())


def _at_public_address(spec: IntegrationSpec, settings: Settings) -> IntegrationSpec:
    if "://" in spec.setup_url_template:
        return spec
    return spec.model_copy(update={"setup_url_template": settings.address + spec.setup_url_template})
