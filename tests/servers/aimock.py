"""Models of OpenAI and Anthropic as played by `aimock`, a stand-in that nobody here wrote.

It answers by fixtures, the same ones in both dialects, and refuses what none of them matches. What each of them is
for is in its question; `response.usage` says what the answer used.
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


def _said(question: str, answer: dict[str, Any], *, status: int | None = None, **more: Any) -> dict[str, Any]:
    """Return a fixture: what is answered when the last thing the user said has `question` in it."""
    match = {"userMessage": question, **more.pop("match", {})}
    return {"match": match, "response": answer, **({"status": status} if status else {}), **more}


def _text(text: str) -> dict[str, Any]:
    return {"content": text, "usage": _USAGE}


# A stream needs its pauses: without them the stand-in throws away what it has written when it breaks off.
FIXTURES: list[dict[str, Any]] = [
    _said("a wren on a fence", {"images": [{"b64Json": _PIXEL}]}, match={"endpoint": "image"}),
    _said("That answer is not valid", _text(json.dumps(_FORECAST))),
    _said("forecast, wrong at first", _text('{"city": "Rome"}')),
    _said("forecast, always wrong", _text("warm, I think")),
    _said("forecast", _text(f"```json\n{json.dumps(_FORECAST)}\n```")),
    _said(
        "weather in Rome",
        {"toolCalls": [{"name": "weather", "arguments": {"city": "Rome"}}], "usage": _USAGE},
        match={"hasToolResult": False},
    ),
    _said("weather in Rome", _text("It is 21 degrees in Rome."), match={"hasToolResult": True}),
    _said("tell me slowly", _text("one two three four five six"), chunkSize=4),
    _said("break off", _text("one two three four five six"), chunkSize=4, truncateAfterChunks=5, latency=20),
    _said("slow down", {"error": {"message": "Too many requests", "type": "rate_limit_error"}, "status": 429}),
    _said("fall over", {"error": {"message": "Internal error", "type": "server_error"}, "status": 500}),
    _said("what is in this picture", _text("A single pixel.")),
    _said("hello", _text("Hello yourself.")),
]


@dataclass(frozen=True, kw_only=True)
class Aimock:
    """The running stand-in."""

    url: str

    @property
    def openai_url(self) -> str:
        """Base URL of the one dialect."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """Base URL of the other."""
        return self.url

    def requests(self) -> list[dict[str, Any]]:
        """Return the bodies of the requests it got, oldest first, in the form of OpenAI's whatever they came in."""
        journal = httpx2.get(f"{self.url}/__aimock/journal", timeout=patience(5)).raise_for_status().json()
        return [entry["body"] for entry in journal]


@contextmanager
def aimock() -> Iterator[Aimock]:
    """Run the stand-in."""
    program = npm_package("@copilotkit/aimock", VERSION) / "dist" / "cli.js"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="wren-aimock-") as name:
        fixtures = Path(name) / "fixtures.json"
        fixtures.write_text(json.dumps({"fixtures": FIXTURES}))
        command: list[str | Path] = [node(), program, "--port", str(port), "--fixtures", str(fixtures), "--strict"]
        with serve([*command, "--log-level", "warn"], ports=[port], log=Path(name) / "aimock.log"):
            yield Aimock(url=f"http://127.0.0.1:{port}")
