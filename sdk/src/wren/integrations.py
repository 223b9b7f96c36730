"""Every installed integration by name: `wren.integrations.<name>.init(...)`.

    from wren import integrations

    integrations.list()                     # names, without importing one
    integrations.<name>.init(option=...)    # an instance; it connects on first use
    integrations.get_docs("<name>")         # methods, parameters and configuration as data
    integrations.render_docs(["<name>"])    # the same as Markdown

An unknown name raises IntegrationUnknown with the nearest one; an installed plugin that cannot be loaded raises
PluginFailed with the cause. Using one integration loads only that one.
"""

import builtins
from collections.abc import Iterable, Iterator
from contextlib import suppress

from wren.script.catalogue import installed
from wren.script.integration_handle import IntegrationHandle
from wren_core.errors import PluginFailed
from wren_core.export.docs import IntegrationDocs
from wren_core.export.rendering import render_all, render_events

__all__ = ["get_docs", "list", "render_docs"]


def get_docs(name: str) -> IntegrationDocs:
    """Return the documents of an integration: its methods, parameters, configuration and variables."""
    return IntegrationHandle(name).get_docs()


def render_docs(names: Iterable[str] | None = None) -> str:
    """Render the documents of integrations as Markdown, in the order given.

    Default: all installed integrations that can be loaded, and the events that start a function.
    """
    if names is None:
        return f"{render_all(_loadable_docs())}\n{render_events()}"
    return render_all(get_docs(name) for name in ([names] if isinstance(names, str) else names))


def _loadable_docs() -> Iterator[IntegrationDocs]:
    for name in installed().names():
        with suppress(PluginFailed):  # one broken plugin must not hide the documents of the others
            yield get_docs(name)


def _list_installed() -> builtins.list[str]:
    """List the names of the installed integrations, sorted; `get_docs(name)` describes one, or raises why it failed."""
    return installed().names()


def __getattr__(name: str) -> IntegrationHandle:
    if name.startswith("_"):  # Python's own probing: `__path__`, `__wrapped__` ...
        raise AttributeError(f"module 'wren.integrations' has no attribute {name!r}")
    return IntegrationHandle.of_installed(name)


def __dir__() -> builtins.list[str]:
    return sorted({*__all__, *installed().names()})


list = _list_installed  # noqa: A001 - the public name of this namespace
