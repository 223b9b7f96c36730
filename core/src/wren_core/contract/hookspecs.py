"""The hooks a plugin may implement.

There is one today. Every `Integration` class implements it, so only a distribution that offers several integrations
from one entry point writes a hook. A hook is added here only together with
the shipped plugin that uses it.
"""

from typing import Any

import pluggy

PROJECT = "wren"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def wren_integrations() -> list[type[Any]]:  # type: ignore[empty-body]  # pluggy reads the signature only
    """Return the `Integration` classes this plugin offers.

    Called once per plugin, after its entry point is loaded; must do no I/O. Each class's `spec.name` must equal the
    name of an entry point of the same distribution.

    Example:
        @hookimpl
        def wren_integrations():
            return [Mail, Calendar]
    """
