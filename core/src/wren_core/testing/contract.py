"""The conformance suite: tests that authors of integrations inherit."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from wren_core.integration import Integration
from wren_core.testing.conformance import (
    credential_faults,
    definition_faults,
    description_faults,
    example_faults,
    import_faults,
    offer_faults,
    reach_faults,
    tool_faults,
)


class IntegrationContract:
    """The conformance suite. Inherit it in a test module and name the class:

    class TestChat(IntegrationContract):
        integration = Chat
    """

    integration: ClassVar[type[Integration]]
    config: ClassVar[Mapping[str, Any]] = {}
    """Values for `create`, where the integration needs some."""

    def test_the_distribution_offers_the_integration(self) -> None:
        """Its entry point loads and is the class that is tested."""
        _expect_none(offer_faults(self.integration))

    def test_importing_it_imports_no_client_library(self) -> None:
        """Listing integrations must not pay for their clients."""
        _expect_none(import_faults(self.integration))

    def test_everything_is_described(self) -> None:
        """People and models read nothing else."""
        _expect_none(description_faults(self.integration))

    def test_every_example_is_a_call_that_would_be_accepted(self) -> None:
        """An example is what a model writes first."""
        _expect_none(example_faults(self.integration))

    def test_the_definition_is_lossless(self) -> None:
        """The wire form says all of the spec."""
        _expect_none(definition_faults(self.integration))

    def test_every_method_exports_as_a_tool_whole(self) -> None:
        """No export drops a parameter."""
        _expect_none(tool_faults(self.integration))

    def test_hosts_and_scopes_cover_what_is_used(self) -> None:
        """A deployed script reaches no other host and gets no other scope."""
        _expect_none(reach_faults(self.integration))

    def test_credentials_are_missed_by_name_and_never_shown(self) -> None:
        """The first use without a credential says which one is missing."""
        _expect_none(credential_faults(self.integration, self.config))


def _expect_none(faults: Iterator[str]) -> None:
    found = list(faults)
    if found:
        raise AssertionError("\n".join(found))
