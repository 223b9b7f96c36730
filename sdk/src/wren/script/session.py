"""The session of a running script: the host that answers its requests, and the observer of its calls.

In a terminal there is neither; in a deployed run both are the worker at the other end of the channel. The runner enters
the session before the script's first line.

It is one variable of the process and not a context variable, because threads start with an empty context: a script's
thread pool would lose its host.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wren_core.contract.host import Host, NoHost
from wren_core.protocol.calls import CallRecord
from wren_core.protocol.jobs import JobConnection

if TYPE_CHECKING:  # a script that uses no integration need not pay for importing their base class
    from wren_core.contract.integration import Integration


@dataclass(frozen=True, kw_only=True)
class ScriptSession:
    """The environment of a script."""

    host: Host = field(default_factory=NoHost)
    on_call: Callable[[CallRecord], None] | None = None
    connections: tuple[JobConnection, ...] | None = None
    """The accounts of a deployed run; None where the environment holds the credentials."""
    is_describing: bool = False
    """The script is only read: no method is called, and a connection may bring configuration that is missing here."""
    instances: dict[str, "Integration"] = field(default_factory=dict, compare=False, repr=False)
    """Integrations that the SDK itself made, by name; connected until the session ends."""

    def find_connections(self, integration: str) -> list[JobConnection]:
        """Return a deployed run's accounts of an integration."""
        return [item for item in self.connections or () if item.integration == integration]


_current = ScriptSession()


def current() -> ScriptSession:
    """Return the session of this process; without host and observer unless a runner entered one."""
    return _current


def enter(session: ScriptSession) -> None:
    """Make `session` the current one of the process."""
    global _current
    _current = session


@contextmanager
def entered(session: ScriptSession) -> Iterator[ScriptSession]:
    """Make `session` the current one for a block."""
    before = current()
    enter(session)
    try:
        yield session
    finally:
        enter(before)
