"""Models of OpenAI and Anthropic, faked by the third-party server `aimock`.

It answers from fixtures, the same ones in both dialects, and refuses requests that match none. The question of each
fixture says its purpose; `response.usage` has the usage of the answer.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from servers.node import node, npm_package
from servers.process import free_port, serve
from wren_core.testing.patience import patience

VERSION = "1.43.0"
# One fixture serves both dialects: OpenAI reads the first two numbers, Anthropic the other two.
_USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "input_tokens": 100, "output_tokens": 20}
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_FORECAST = {"city": "Rome", "degrees": 21}


def _fixture(question: str, answer: dict[str, Any], *, status: int | None = None, **more: Any) -> dict[str, Any]:
    """Return a fixture: the answer if the last message of the user contains `question`."""
    match = {"userMessage": question, **more.pop("match", {})}
    return {"match": match, "response": answer, **({"status": status} if status else {}), **more}


def _text(text: str) -> dict[str, Any]:
    return {"content": text, "usage": _USAGE}


# A stream needs pauses: without them aimock discards written data when it breaks off.
FIXTURES: list[dict[str, Any]] = [
    _fixture("a wren on a fence", {"images": [{"b64Json": _PIXEL}]}, match={"endpoint": "image"}),
    _fixture("That answer is not valid", _text(json.dumps(_FORECAST))),
    _fixture("forecast, wrong at first", _text('{"city": "Rome"}')),
    _fixture("forecast, always wrong", _text("warm, I think")),
    _fixture("forecast", _text(f"```json\n{json.dumps(_FORECAST)}\n```")),
    _fixture(
        "weather in Rome",
        {"toolCalls": [{"name": "weather", "arguments": {"city": "Rome"}}], "usage": _USAGE},
        match={"hasToolResult": False},
    ),
    _fixture("weather in Rome", _text("It is 21 degrees in Rome."), match={"hasToolResult": True}),
    _fixture("tell me slowly", _text("one two three four five six"), chunkSize=4),
    _fixture("break off", _text("one two three four five six"), chunkSize=4, truncateAfterChunks=5, latency=20),
    _fixture("slow down", {"error": {"message": "Too many requests", "type": "rate_limit_error"}, "status": 429}),
    _fixture("fall over", {"error": {"message": "Internal error", "type": "server_error"}, "status": 500}),
    _fixture("what is in this picture", _text("A single pixel.")),
    _fixture("hello", _text("Hello yourself.")),
]


@dataclass(frozen=True, kw_only=True)
class Aimock:
    """The running server."""

    url: str

    @property
    def openai_url(self) -> str:
        """Base URL of the OpenAI dialect."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """Base URL of the Anthropic dialect."""
        return self.url

    def requests(self) -> list[dict[str, Any]]:
        """Return the bodies of the received requests, oldest first, all in OpenAI's format."""
        journal = httpx2.get(f"{self.url}/__aimock/journal", timeout=patience(5)).raise_for_status().json()
        return [entry["body"] for entry in journal]


@contextmanager
def aimock() -> Iterator[Aimock]:
    """Run the server."""
    program = npm_package("@copilotkit/aimock", VERSION) / "dist" / "cli.js"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="wren-aimock-") as name:
        fixtures = Path(name) / "fixtures.json"
        fixtures.write_text(json.dumps({"fixtures": FIXTURES}))
        command: list[str | Path] = [node(), program, "--port", str(port), "--fixtures", str(fixtures), "--strict"]
        with serve([*command, "--log-level", "warn"], ports=[port], log=Path(name) / "aimock.log"):
            yield Aimock(url=f"http://127.0.0.1:{port}")
