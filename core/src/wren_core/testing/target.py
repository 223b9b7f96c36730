"""What the rules check: an integration with its distribution, its fake provider and the recorded calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec
from wren_core.testing.call_recording import record_calls
from wren_core.testing.calls import RecordedCalls
from wren_core.testing.import_probe import ImportFacts
from wren_core.testing.project import Project


@dataclass(frozen=True, kw_only=True)
class CheckTarget:
    """One integration to check. What costs time is computed once, when the first rule needs it."""

    integration: type[Integration]
    project: Project = field(default_factory=Project)
    config: Mapping[str, Any] = field(default_factory=dict)
    """Values for `create` that the fake does not give."""
    make_fake: Callable[[], Any] | None = None
    """Makes a new fake provider; None where the distribution has none."""
    imported: ImportFacts | None = None
    """What its import did; None where it was imported before the check."""
    exempt: Mapping[str, str] = field(default_factory=dict)
    """Rule id -> reason, of the exemptions in pyproject.toml."""
    progress: Callable[[str], None] = lambda _: None
    """Called with the name of each step before it begins, to show where a check hangs."""

    @cached_property
    def spec(self) -> IntegrationSpec:
        """The complete spec."""
        return self.integration.full_spec()

    @cached_property
    def calls(self) -> RecordedCalls:
        """The calls of every method against the fake provider, with and without faults."""
        return record_calls(self.integration, make_fake=self.make_fake, config=self.config, progress=self.progress)

    @property
    def name(self) -> str:
        """The integration's name."""
        return self.spec.name

    @property
    def has_provider(self) -> bool:
        """Whether the integration declares a provider."""
        spec = self.spec
        return bool(spec.base_url or spec.hosts or spec.config_hosts or spec.credentials)
