"""Which plugins this process may load, read from its environment."""

from collections.abc import Mapping

from wren_core.plugins.disabled import DisabledPlugins
from wren_core.plugins.policy import DISABLED_VARIABLE, PluginPolicy


def read_plugin_policy(environ: Mapping[str, str]) -> PluginPolicy:
    """Return the policy of the variables, and of the plugins disabled in this Python environment.

    In a sandbox, which cannot read the folder of disabled plugins, a variable lists them.

    Raises:
        UserFacingConfigError: SETTINGS_INVALID or PLUGINS_FOLDER_UNUSABLE.
    """
    if environ.get(DISABLED_VARIABLE):
        return PluginPolicy.from_environ(environ)
    return PluginPolicy.from_environ(environ, DisabledPlugins.of_environment(environ).names())
