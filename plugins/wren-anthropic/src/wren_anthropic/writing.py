"""A response of the Messages API, received at once or by events, as plain JSON values.

Compatible servers omit usage, types and whole events, so nothing here relies on the library's types.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wren_core.ai.tokens import count_of
from wren_core.json_pointer import find_list, find_or_none

_TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
_COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(kw_only=True)
class Draft:
    """The part of the response that was received so far."""

    blocks: dict[int, dict[str, Any]] = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=dict)
    """The counts that were reported; those that were not are absent."""
    stop_reason: str | None = None
    has_ended: bool = False
    _inputs: dict[int, str] = field(default_factory=dict)

    def add_message(self, message: Any) -> None:
        """Add a whole response, or the empty one that begins a stream."""
        content = find_or_none(message, "/content")
        found = [{"type": "text", "text": content}] if isinstance(content, str) else find_list(message, "/content")
        self.blocks |= {place: dict(block) for place, block in enumerate(found) if isinstance(block, Mapping)}
        self._count(find_or_none(message, "/usage"))
        self._stop(find_or_none(message, "/stop_reason"))

    def add_event(self, event: Any) -> str:
        """Add an event of a stream and return its text."""
        kind, index = find_or_none(event, "/type"), find_or_none(event, "/index")
        place = index if isinstance(index, int) else max(self.blocks, default=0)
        if kind == "message_start":
            self.add_message(find_or_none(event, "/message"))
        elif kind == "content_block_start":
            block = find_or_none(event, "/content_block")
            self.blocks[place] = dict(block) if isinstance(block, Mapping) else {}
            return _text_at(self.blocks[place], "text") if self.blocks[place].get("type") == "text" else ""
        elif kind == "content_block_delta":
            return self._extend(place, find_or_none(event, "/delta"))
        elif kind == "message_delta":
            self._stop(find_or_none(event, "/delta/stop_reason"))
            self._count(find_or_none(event, "/usage"))
        elif kind == "message_stop":
            self.has_ended = True
        return ""

    @property
    def content(self) -> list[dict[str, Any]]:
        """The blocks in their order, with the input of tools."""
        return [self._finish(place, block) for place, block in sorted(self.blocks.items())]

    @property
    def text(self) -> str:
        """The text for the reader."""
        return "".join(_text_at(block, "text") for block in self.content if block.get("type", "text") == "text")

    @property
    def written(self) -> str:
        """Everything that the model wrote."""
        found = [_text_at(block, "text") + _text_at(block, "thinking") for block in self.content]
        found += [json.dumps(block["input"]) for block in self.content if "input" in block]
        return "".join(found)

    def _extend(self, place: int, delta: Any) -> str:
        kind = find_or_none(delta, "/type")
        if kind == "input_json_delta":
            self._inputs[place] = self._inputs.get(place, "") + _text_at(delta, "partial_json")
            return ""
        if kind == "citations_delta":
            self._block(place, "text").setdefault("citations", []).append(find_or_none(delta, "/citation"))
            return ""
        member = _TEXTS.get(kind) if isinstance(kind, str) else "text"
        if member is None:
            return ""
        piece, block = _text_at(delta, member), self._block(place, "text" if member == "text" else "thinking")
        block[member] = piece if member == "signature" else _text_at(block, member) + piece
        return piece if member == "text" else ""

    def _block(self, place: int, kind: str) -> dict[str, Any]:
        """Return a block; one that no event has started is started."""
        return self.blocks.setdefault(place, {"type": kind})

    def _finish(self, place: int, block: dict[str, Any]) -> dict[str, Any]:
        if block.get("type") != "tool_use":
            return block
        given = block.get("input")
        text = self._inputs.get(place) or (given if isinstance(given, str) else "")
        return {**block, "input": _object(text) if text else (given if isinstance(given, Mapping) else {})}

    def _count(self, usage: Any) -> None:
        told = {name: count_of(find_or_none(usage, f"/{name}")) for name in _COUNTS}
        self.usage |= {name: count for name, count in told.items() if count is not None}

    def _stop(self, reason: Any) -> None:
        self.stop_reason = reason if isinstance(reason, str) else self.stop_reason


def _text_at(node: Any, name: str) -> str:
    found = find_or_none(node, f"/{name}")
    return found if isinstance(found, str) else ""


def _object(text: str) -> dict[str, Any]:
    """Parse the arguments of a tool call; if they are not a JSON object, return them as `unparsed`."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"unparsed": text}
