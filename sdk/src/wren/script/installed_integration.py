"""The items of `wren.integrations.list()`: names with further properties."""

from wren.script.catalogue import installed
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import PluginFailed


class InstalledIntegration(str):
    """The name of an installed integration. It is a string; the properties load the plugin when they are read."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name, as in `wren.integrations.<name>`."""
        return str(self)

    @property
    def spec(self) -> IntegrationSpec:
        """Everything the integration declares; raises PluginFailed when it cannot be loaded."""
        return installed().spec(str(self))

    @property
    def error(self) -> PluginFailed | None:
        """Why the integration cannot be used, or None."""
        try:
            _ = self.spec
        except PluginFailed as exc:
            return exc
        return None

    @property
    def display_name(self) -> str:
        """The name people know it by; raises PluginFailed when it cannot be loaded."""
        return self.spec.display_name

    @property
    def description(self) -> str:
        """What it does, in a line or a paragraph; raises PluginFailed when it cannot be loaded."""
        return self.spec.description

    @property
    def version(self) -> str:
        """The version of the distribution; raises PluginFailed when it cannot be loaded."""
        return self.spec.version

    @property
    def auth_type(self) -> str:
        """How users connect it: `oauth2`, `apikey`, `custom` or `none`; raises PluginFailed when it cannot load."""
        return self.spec.auth_type
