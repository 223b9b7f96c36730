"""The operator's definitions as text, for sandboxes, which have no database."""

from collections.abc import Iterable

from wren_core.plugins.registry import Registry


def declared_documents(registry: Registry, names: Iterable[str]) -> dict[str, str]:
    """Return those of the integrations that the operator declared: their definitions as JSON text, by name."""
    known = (registry.plugin(name) for name in names if name in registry)
    return {plugin.name: plugin.document for plugin in known if not plugin.distribution}


def documents_named(registry: Registry, script: str) -> dict[str, str]:
    """Return the declared definitions whose name occurs anywhere in a script: all that it uses, perhaps more."""
    return declared_documents(registry, (name for name in registry.names() if name in script))
