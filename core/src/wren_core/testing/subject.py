"""What is checked: an integration with its distribution, its fake provider and what was seen of both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec
from wren_core.testing.calls import Rehearsal
from wren_core.testing.import_probe import ImportFacts
from wren_core.testing.project import Project
from wren_core.testing.rehearsal import rehearse


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One integration under check. What costs time is done once, when the first rule asks for it."""

    integration: type[Integration]
    project: Project = field(default_factory=Project)
    config: Mapping[str, Any] = field(default_factory=dict)
    """What `create` needs, beside what the fake says."""
    make_fake: Callable[[], Any] | None = None
    """Makes a new fake provider; None where the distribution offers none."""
    imported: ImportFacts | None = None
    """What importing it did; None where it was imported before anybody looked."""
    exempt: Mapping[str, str] = field(default_factory=dict)
    """Rule id -> reason, of the exemptions that were taken."""
    progress: Callable[[str], None] = lambda _: None
    """Told what is tried next, so that somebody knows where a check hangs."""

    @cached_property
    def spec(self) -> IntegrationSpec:
        """The complete spec."""
        return self.integration.full_spec()

    @cached_property
    def rehearsal(self) -> Rehearsal:
        """Every method called against the fake provider, in good times and in bad."""
        return rehearse(self.integration, make_fake=self.make_fake, config=self.config, progress=self.progress)

    @property
    def name(self) -> str:
        """The integration's name."""
        return self.spec.name

    @property
    def has_provider(self) -> bool:
        """Whether the integration declares anybody to talk to."""
        spec = self.spec
        return bool(spec.base_url or spec.hosts or spec.config_hosts or spec.credentials)
