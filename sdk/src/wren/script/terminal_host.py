"""The host of a script on a user's own machine: messages go to the terminal."""

import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from wren_core.errors import HostUnavailable, InvalidInput

NANOS_PER_USD = 10**9

_DEFAULT_LIMIT = 20


def print_to_terminal(text: str) -> None:
    """Write a line to standard error, apart from the script's own output."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class TerminalHost:
    """Shows messages instead of delivering them, and keeps those of this process.

    Args:
        write: takes one message as text; default: standard error.
        now: the clock.
    """

    def __init__(
        self,
        write: Callable[[str], None] = print_to_terminal,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._write = write
        self._now = now
        self._messages: list[dict[str, Any]] = []
        self._spent_nanos = 0
        self._lock = threading.Lock()

    @property
    def cost_usd(self) -> float:
        """What the calls of models have cost, in US dollars."""
        return self._spent_nanos / NANOS_PER_USD

    def request(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `messages.send` and `messages.list`; allow every call of a model and add up what they cost.

        Raises:
            HostUnavailable: for any other operation.
            InvalidInput: for a message without a body.
        """
        if operation == "messages.send":
            return self._send(payload)
        if operation == "messages.list":
            return self._list(payload.get("limit", _DEFAULT_LIMIT))
        if operation == "ai.allow":
            return {}
        if operation == "ai.spent":
            with self._lock:
                self._spent_nanos += int(payload.get("nano_usd") or 0)
            return {}
        raise HostUnavailable(f"{operation!r} needs the platform; it does not exist in a script run on this machine")

    def _send(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(payload.get("body"), str):
            raise InvalidInput("messages.send: body must be text", details={"field": "body"})
        with self._lock:
            stamp = {"id": f"msg_local_{len(self._messages) + 1}", "created_at": self._now().isoformat()}
            self._messages.append({**payload, **stamp})
        self._write(_format_message(payload))
        return stamp

    def _list(self, limit: int) -> dict[str, Any]:
        with self._lock:
            return {"messages": [dict(message) for message in reversed(self._messages)][:limit]}


@cache
def terminal_host() -> TerminalHost:
    """Return the host of this process for a script that was started without one."""
    return TerminalHost()


def _format_message(payload: Mapping[str, Any]) -> str:
    receiver = f" to {payload['to']}" if payload.get("to") else ""
    title = f": {payload['subject']}" if payload.get("subject") else ""
    body = "\n".join(f"  {line}" for line in payload["body"].splitlines())
    return f"[message{receiver}{title}]\n{body}"
