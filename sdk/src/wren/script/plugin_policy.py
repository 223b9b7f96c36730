"""Which plugins this process may load, read from its environment once by whoever begins something."""

from collections.abc import Mapping

from wren_core.plugins.disabled import DisabledPlugins
from wren_core.plugins.policy import DISABLED_VARIABLE, PluginPolicy


def host_policy(environ: Mapping[str, str]) -> PluginPolicy:
    """Return the policy of the environment, and of what was switched off in this Python environment.

    A variable names what is switched off where the folder cannot be read: in a sandbox.

    Raises:
        UserFacingConfigError: SETTINGS_INVALID or PLUGINS_FOLDER_UNUSABLE.
    """
    if environ.get(DISABLED_VARIABLE):
        return PluginPolicy.from_environ(environ)
    return PluginPolicy.from_environ(environ, DisabledPlugins.of_environment(environ).names())
