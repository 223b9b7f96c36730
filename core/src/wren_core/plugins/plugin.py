"""An integration that can be used: loaded in this process, or known from its stored definition."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec, IntegrationType
from wren_core.declarative.unbound import unbound_methods
from wren_core.errors import PluginFailed, WrenError


class Plugin(Protocol):
    """An entry of the registry. Reading `integration` may import the plugin; the other properties import nothing."""

    @property
    def name(self) -> str:
        """The integration's name."""
        ...

    @property
    def distribution(self) -> str:
        """The distribution that contains it; empty where there is none."""
        ...

    @property
    def version(self) -> str:
        """The version of the distribution, as Python writes it."""
        ...

    @property
    def integration_type(self) -> IntegrationType:
        """What kind of integration it is."""
        ...

    @property
    def spec(self) -> IntegrationSpec:
        """The complete spec, with a version."""
        ...

    @property
    def document(self) -> str:
        """The definition as one JSON text."""
        ...

    @property
    def unbound(self) -> tuple[str, ...]:
        """Ids of the methods that nothing performs: of a definition, those without a request."""
        ...

    @property
    def integration(self) -> type[Integration]:
        """The class."""
        ...


@dataclass(frozen=True, kw_only=True)
class StoredPlugin:
    """An integration known from its stored definition, which is parsed once, when it is first needed."""

    name: str
    distribution: str
    version: str
    integration_type: IntegrationType
    document: str = field(repr=False)
    load: Callable[[], type[Integration]] = field(repr=False)
    """Returns the class; called once, when it is first needed."""

    @cached_property
    def spec(self) -> IntegrationSpec:
        """The complete spec.

        Raises:
            PluginFailed: the stored document is not a definition.
        """
        try:
            return IntegrationDefinition.model_validate_json(self.document).to_spec()
        except (ValueError, WrenError) as exc:
            raise PluginFailed(
                f"the stored definition of {self.name!r} cannot be read: {exc}",
                details={"integration": self.name, "distribution": self.distribution, "cause": "PLUGIN_INVALID"},
            ) from exc

    @property
    def unbound(self) -> tuple[str, ...]:
        """Ids of the methods without a handler; an integration from a distribution has a handler for each."""
        return () if self.distribution else unbound_methods(self.spec)

    @cached_property
    def integration(self) -> type[Integration]:
        """The class; imports it."""
        return self.load()


def document_of(spec: IntegrationSpec) -> str:
    """Return the definition of a complete spec as one JSON text in ASCII.

    Raises:
        ValueError: a schema holds a value that JSON does not have.
    """
    wire = IntegrationDefinition.from_spec(spec).to_wire()
    return json.dumps(wire, allow_nan=False, separators=(",", ":"))
