"""FakeInbox: a host with an inbox in memory, for tests, and a page that shows it."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from wren_core.errors import HostUnavailable, WrenError
from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, route


class FakeInbox(FakeProvider):
    """Answers `messages.send` and `messages.list` as the platform does, and serves the inbox as a page.

    Args:
        sender: the sender of all messages, such as the name of a deployment.
    """

    name = "messaging"

    def __init__(self, *, sender: str = "test") -> None:
        super().__init__()
        self.sender = sender
        self.messages: list[dict[str, Any]] = []
        """All messages, oldest first."""
        self._failures: list[WrenError] = []
        self._numbers = count(1)

    def request(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request of an integration; implements `wren_core.contract.host.Host`."""
        if self._failures:
            raise self._failures.pop(0)
        if operation == "messages.send":
            return self._send(payload)
        if operation == "messages.list":
            return {"messages": self.messages[::-1][: payload["limit"]]}
        raise HostUnavailable(f"the fake inbox does not answer {operation!r}")

    def fail_with(self, error: WrenError) -> None:
        """Raise `error` once, on the next request."""
        self._failures.append(error)

    @route("GET", "/")
    def page(self, _request: FakeRequest) -> FakeResponse:
        """Show the inbox, newest first."""
        items = "".join(_format_message(message) for message in reversed(self.messages))
        body = items or "<p>No messages yet.</p>"
        return FakeResponse(body=f"<!doctype html><meta charset=utf-8><title>Inbox</title><h1>Inbox</h1>{body}")

    @route("GET", "/messages")
    def listing(self, _request: FakeRequest) -> FakeResponse:
        """Return the inbox as JSON, newest first."""
        return FakeResponse(body={"messages": self.messages[::-1]})

    def _send(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        message = {
            "id": f"msg_{next(self._numbers)}",
            "sender": self.sender,
            "to": payload.get("to"),
            "subject": payload.get("subject"),
            "body": payload["body"],
            "created_at": datetime.now(UTC).isoformat(),
            "run_id": None,
        }
        self.messages.append(message)
        return message


def _format_message(message: Mapping[str, Any]) -> str:
    title = message["subject"] or "(no subject)"
    meta = f"{message['sender']} to {message['to'] or 'all'}, {message['created_at']}"
    parts = (
        f"<h2>{html.escape(title)}</h2>",
        f"<p>{html.escape(meta)}</p>",
        f"<pre>{html.escape(message['body'])}</pre>",
    )
    return f"<article>{''.join(parts)}</article>"
