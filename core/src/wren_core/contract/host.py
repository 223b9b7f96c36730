"""The port through which an integration sends requests to its host.

Most integrations never need a host: they talk to their provider. A few use what the platform itself owns, such as
the inbox of a workspace. A request names an operation; in a deployed script it crosses the runner's channel to the
worker, in a terminal the SDK answers it.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from wren_core.errors import HostUnavailable


class Host(Protocol):
    """Answers requests of an integration.

    Operations: `messages.send` {body, subject?, to?} -> {id, created_at}; `messages.list` {limit} -> {messages};
    `credentials.refresh` {integration, account?} -> {env: {variable: value}}, of the connection with that alias or of
    the default one; `ai.allow` {integration, model} -> {}, before each call of a model; `ai.spent` {integration, model,
    outcome, input_tokens, cached_input_tokens, output_tokens, images, is_estimated, nano_usd} -> {}, after it.
    """

    def request(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for `operation`; blocks until the answer.

        Raises:
            WrenError: the error of the host, or HostUnavailable when no host serves the operation.
        """
        ...


class NoHost:
    """Refuses every request: the host of an integration that runs on its own."""

    def request(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the port's shape
        """Raise HostUnavailable."""
        raise HostUnavailable(f"no host answers {operation!r} here")
