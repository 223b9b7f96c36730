"""A response of the Chat Completions API, received at once or in chunks, as plain JSON values.

Compatible servers deviate in every member, so nothing here relies on the library's types: content may be a list of
parts, a tool call may have no type, no index or another call's, arguments may be an object.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wren_core.json_pointer import find_list, find_or_none


@dataclass(kw_only=True)
class DraftCall:
    """A tool call, with its arguments as the text that the model wrote."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    index: Any = None

    def add(self, part: Any) -> None:
        """Add a part of the call; some servers repeat id and name in every part."""
        function = find_or_none(part, "/function")
        self.id = self.id or text_of(find_or_none(part, "/id"))
        name = text_of(find_or_none(function, "/name"))
        self.name += name if name != self.name else ""
        arguments = find_or_none(function, "/arguments")
        self.arguments += json.dumps(arguments) if isinstance(arguments, dict | list) else text_of(arguments)


@dataclass(kw_only=True)
class Draft:
    """The part of the response that was received so far."""

    text: str = ""
    refusal: str = ""
    finish_reason: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    calls: list[DraftCall] = field(default_factory=list)

    def add(self, answer: Any, member: str) -> str:
        """Add a response, or a chunk of one, and return its text.

        Args:
            answer: the JSON object.
            member: `message` of a response, `delta` of a chunk.
        """
        usage = find_or_none(answer, "/usage")
        self.usage = usage if isinstance(usage, Mapping) and usage else self.usage
        choice = find_or_none(answer, "/choices/0")
        # Some servers end a stream by the whole message; it repeats what was received.
        turn = find_or_none(choice, f"/{member}")
        reason = find_or_none(choice, "/finish_reason")
        self.finish_reason = reason if isinstance(reason, str) else self.finish_reason
        for part in find_list(turn, "/tool_calls"):
            self._call_of(part, is_whole=member == "message").add(part)
        function = find_or_none(turn, "/function_call")  # the older form of the only call
        if isinstance(function, Mapping):
            self._call_of({"index": "function_call"}, is_whole=False).add({"function": function})
        piece, refusal = text_of(find_or_none(turn, "/content")), text_of(find_or_none(turn, "/refusal"))
        self.text += piece
        self.refusal += refusal
        return piece or refusal

    @property
    def written(self) -> str:
        """Everything that the model wrote."""
        return "".join([self.text, self.refusal, *(call.name + call.arguments for call in self.calls)])

    def _call_of(self, part: Any, *, is_whole: bool) -> DraftCall:
        """Return the call that a part continues, or a new one: an index alone does not tell them apart."""
        index, call_id = find_or_none(part, "/index"), text_of(find_or_none(part, "/id"))
        name = text_of(find_or_none(part, "/function/name"))
        same = [call for call in self.calls if index is None or call.index == index]
        if same and not is_whole and not _starts_another(same[-1], call_id, name):
            return same[-1]
        self.calls.append(DraftCall(index=index))
        return self.calls[-1]


def text_of(content: Any) -> str:
    """Return the text of a message: text, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(text_of(part) for part in content if _is_shown(part))
    found = find_or_none(content, "/text") if isinstance(content, Mapping) else None
    if isinstance(found, Mapping):  # {"text": {"value": ...}}
        found = found.get("value")
    return found if isinstance(found, str) else ""


def _is_shown(part: Any) -> bool:
    """Tell whether a part of a message is for the reader, and not reasoning."""
    return not (isinstance(part, Mapping) and part.get("type") in ("thinking", "reasoning", "redacted_thinking"))


def _starts_another(call: DraftCall, call_id: str, name: str) -> bool:
    if call_id and call.id:
        return call_id != call.id
    return bool(name) and name != call.name and _is_complete(call)


def _is_complete(call: DraftCall) -> bool:
    try:
        return isinstance(json.loads(call.arguments), dict)
    except ValueError:
        return False
