"""Which ai integration serves a script that names none: the one its user has connected."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.errors import IntegrationNotConfigured
from wren_backend.connections.requirements import requires_connection
from wren_backend.tenancy.auth import Subject
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import AgentFixableError
from wren_core.plugins.registry import Registry


class AISource(Protocol):
    """Chooses the ai integration of a script that names none: `AIChoice.choose`."""

    def __call__(self, subject: Subject, *, declared: Collection[str] = (), preferred: str | None = None) -> str:
        """Return its name; raises UserFacingConfigError where a person must connect one."""
        ...


@dataclass(frozen=True, kw_only=True)
class AIChoice:
    """Chooses among the installed ai integrations."""

    registry: Registry
    addresses: Addresses
    connected: Callable[[Subject], Collection[str]]
    """The integrations a subject has a working connection to."""

    def choose(self, subject: Subject, *, declared: Collection[str] = (), preferred: str | None = None) -> str:
        """Return the integration that `wren.ai` asks.

        Args:
            subject: whose connections count.
            declared: integrations the script names itself; one of these comes before all others.
            preferred: the one chosen when the script was deployed, kept while it works: connecting a second one must
                not break deployed scripts.

        Raises:
            IntegrationNotConfigured: none is connected; names the installed ones and where to connect them.
            AgentFixableError: AI_INTEGRATION_AMBIGUOUS, several are.
        """
        offered = [plugin.spec for plugin in self.registry if plugin.integration_type == "ai"]
        connected = self.connected(subject)
        ready = [spec.name for spec in offered if spec.name in connected or not requires_connection(spec)]
        named = [name for name in ready if name in declared]
        candidates = named or ([preferred] if preferred in ready else ready)
        if not candidates:
            raise self._not_connected(subject, offered)
        if len(candidates) > 1:
            raise AgentFixableError(
                f"several ai integrations are connected ({', '.join(candidates)}); name the one to ask: "
                f"wren.ai(..., integration={candidates[0]!r})",
                code="AI_INTEGRATION_AMBIGUOUS",
                details={"integration": candidates[0], "integrations": candidates},
            )
        return str(candidates[0])

    def _not_connected(self, subject: Subject, offered: list[IntegrationSpec]) -> IntegrationNotConfigured:
        if not offered:
            return IntegrationNotConfigured(
                "the script calls wren.ai, and no ai integration is installed on this server; "
                "the operator installs one with pip",
                details={"integration": "", "integrations": []},
            )
        pages = {spec.name: self.addresses.setup(spec, user_id=subject.user_id) for spec in offered}
        first = offered[0]
        return IntegrationNotConfigured(
            f"the script calls wren.ai, and no ai integration is connected; connect one of {', '.join(pages)}: "
            f"`wren connect {first.name}`, or the page in action_url",
            action_url=pages[first.name],
            docs_url=self.addresses.docs(first),
            details={"integration": first.name, "integrations": list(pages), "setup_urls": pages},
        )
