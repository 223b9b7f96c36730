"""The words of a message as a person sees them: in its text, its blocks and its attachments."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import chain, islice
from typing import Any

# The members of a block that hold words, in the order in which they are shown.
_MEMBERS = (
    *("pretext", "author_name", "title", "text", "alt_text", "fields", "elements", "columns", "rows", "accessory"),
    *("label", "description", "blocks", "value", "message_blocks", "message", "actions", "footer"),
)
_MAX_LINES = 1000
_MAX_DEPTH = 30
_WORD = re.compile(r"[^\W_]+")
# Elements of a rich text, which stand in one line.
_INLINE = frozenset({"text", "link", "user", "usergroup", "channel", "emoji", "broadcast", "color", "date", "team"})
_LINES = frozenset({"rich_text_section", "rich_text_quote", "rich_text_preformatted"})


def words_of(message: Mapping[str, Any]) -> str:
    """Return the text of a message, followed by the words of blocks and attachments that are not in it."""
    text = message.get("text")
    lines = [text] if isinstance(text, str) and text else []
    seen = _words(lines[0]) if lines else " "
    for line in islice(chain(_lines(message.get("blocks"), 0), _attachments(message.get("attachments"))), _MAX_LINES):
        words = _words(line)
        if not lines or words not in seen:
            lines.append(line)
            seen += words
    return "\n".join(lines)


def _attachments(attachments: Any) -> Iterator[str]:
    for item in attachments if isinstance(attachments, list) else ():
        found = list(_lines(item, 0))
        fallback = item.get("fallback") if isinstance(item, Mapping) else None
        yield from found or ([fallback] if isinstance(fallback, str) and fallback else [])


def _lines(node: Any, depth: int) -> Iterator[str]:
    """Yield the words of a block, an attachment or a list of them, line by line."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, str):
        yield from (line for line in node.splitlines() if line.strip())
    elif isinstance(node, list):
        for item in node:
            yield from _lines(item, depth + 1)
    elif isinstance(node, Mapping) and node.get("type") in _LINES:
        yield from _lines("".join(map(_inline, _list_at(node, "elements"))), depth + 1)
    elif isinstance(node, Mapping) and node.get("type") in _INLINE:
        yield _inline(node)
    elif isinstance(node, Mapping):
        for name in _MEMBERS:
            if name != "value" or "title" in node:  # the value of a button is not shown, that of a field is
                yield from _lines(node.get(name), depth + 1)


def _inline(element: Any) -> str:
    """Return an element of a line, in Slack's markup where it is not text."""
    if not isinstance(element, Mapping):
        return ""
    kind = element.get("type")
    if kind == "link":
        label = element.get("text")
        return f"<{element.get('url', '')}|{label}>" if label else f"<{element.get('url', '')}>"
    if kind == "emoji":
        return f":{element.get('name', '')}:"
    marks = {"user": ("@", "user_id"), "channel": ("#", "channel_id"), "usergroup": ("!subteam^", "usergroup_id")}
    marks["broadcast"] = ("!", "range")
    if kind in marks:
        sign, key = marks[kind]
        return f"<{sign}{element.get(key, '')}>"
    text = element.get("text") or element.get("fallback") or element.get("value")
    return text if isinstance(text, str) else ""


def _list_at(node: Mapping[str, Any], name: str) -> list[Any]:
    found = node.get(name)
    return found if isinstance(found, list) else []


def _words(text: str) -> str:
    """Return what two forms of a text have in common: Slack writes the same words with and without markup."""
    return " ".join(["", *_WORD.findall(unescape(text).casefold()), ""])
