"""The operator's own definitions, as a sandbox gets them: it has no database to read them from."""

from collections.abc import Iterable

from wren_core.plugins.registry import Registry


def declared_documents(registry: Registry, names: Iterable[str]) -> dict[str, str]:
    """Return the definitions of those integrations that the operator declared, as JSON text by name."""
    known = (registry.plugin(name) for name in names if name in registry)
    return {plugin.name: plugin.document for plugin in known if not plugin.distribution}


def documents_named(registry: Registry, script: str) -> dict[str, str]:
    """Return the declared definitions whose name stands in a script, wherever: more than it uses, never less."""
    return declared_documents(registry, (name for name in registry.names() if name in script))
