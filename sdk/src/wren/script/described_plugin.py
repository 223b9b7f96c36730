"""Integrations as a list shows them: of a large definition, what it says of itself, without its schemas being read.

A definition of a thousand operations takes seconds to check; that is done when it is used. Small ones are checked, so
that a list shows which of them cannot be used.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from importlib_metadata import EntryPoint

from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec, IntegrationType
from wren_core.contract.versions import semver_of
from wren_core.errors import DefinitionInvalid
from wren_core.plugins.discovery import identity_of
from wren_core.plugins.entry_points import DEFINITIONS_GROUP
from wren_core.plugins.plugin import Plugin, document_of

_MANY_METHODS = 50


@dataclass(frozen=True, kw_only=True)
class DescribedPlugin:
    """A definition whose parts are read when they are needed; an error in them is raised then."""

    name: str
    distribution: str
    version: str
    definition: IntegrationDefinition = field(repr=False)

    @property
    def integration_type(self) -> IntegrationType:
        """What kind of integration it is."""
        return self.definition.type

    @cached_property
    def spec(self) -> IntegrationSpec:
        """The complete spec; raises DefinitionInvalid for a part that does not fit."""
        return self.definition.to_spec()

    @cached_property
    def document(self) -> str:
        """The definition as one JSON text."""
        return document_of(self.spec)

    @property
    def method_ids(self) -> list[str]:
        """Ids of its methods."""
        return [str(method.get("id", "")) for method in self.definition.methods]

    @property
    def unbound(self) -> tuple[str, ...]:
        """Ids of the methods without a request."""
        return tuple(str(method.get("id", "")) for method in self.definition.methods if not method.get("request"))

    @cached_property
    def integration(self) -> type[Integration]:
        """The class; raises DefinitionInvalid for a definition that cannot be used."""
        from wren_core.declarative.integration import declared_integration  # here: lists do not need it

        return declared_integration(self.definition)


def is_large(definition: IntegrationDefinition) -> bool:
    """Tell whether checking a definition takes too long for a list."""
    return len(definition.methods) > _MANY_METHODS


def describe_published(point: EntryPoint) -> Plugin | None:
    """Return the large definition of an entry point as it describes itself; None for what is to be loaded instead."""
    if point.group != DEFINITIONS_GROUP:
        return None
    from wren_core.declarative.publication import published_definition  # here: few plugins are definitions alone

    try:
        definition = published_definition(point)
    except DefinitionInvalid:
        return None
    if not is_large(definition):
        return None
    distribution, version = identity_of(point)
    return DescribedPlugin(name=point.name, distribution=distribution, version=version, definition=definition)


def summary_of(plugin: Plugin) -> dict[str, Any]:
    """Return what a list shows of an integration."""
    shown = {"name": plugin.name, "distribution": plugin.distribution, "no_handler": list(plugin.unbound)}
    if isinstance(plugin, DescribedPlugin):
        found = plugin.definition
        version = found.version or (semver_of(plugin.version) if plugin.version else "")
        about = {"display_name": found.name, "description": found.description, "version": version}
        return {
            **about,
            "auth_type": found.resolved_auth_type,
            "type": found.type,
            "methods": plugin.method_ids,
        } | shown
    spec = plugin.spec
    about = {"display_name": spec.display_name, "description": spec.description, "version": spec.version}
    return {
        **about,
        "auth_type": spec.auth_type,
        "type": spec.type,
        "methods": [method.id for method in spec.methods],
    } | shown
