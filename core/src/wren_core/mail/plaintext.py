"""Convert HTML to readable text, in linear time for any input, because mail comes from strangers."""

import html
import re

_BREAKS = frozenset(
    {"br", "p", "div", "tr", "table", "li", "ul", "ol", "blockquote", "hr", *(f"h{n}" for n in "123456")}
)
_HIDDEN = frozenset({"script", "style", "head", "title"})
_CELLS = frozenset({"td", "th"})
_TAG = re.compile(r"(/?)\s*([a-zA-Z][a-zA-Z0-9]*)")


def from_html(source: str) -> str:
    """Return the text of an HTML body: no tags, scripts or comments; paragraphs become lines."""
    head, *comments = source.split("<!--")
    visible = head + "".join(comment.partition("-->")[2] for comment in comments)
    first, *chunks = visible.split("<")
    pieces, hidden = [_squeeze(first)], ""
    for chunk in chunks:
        is_markup = chunk[:1].isalpha() or chunk[:1] in ("/", "!", "?")
        tag, _, text = chunk.partition(">") if is_markup else ("", "", f"&lt;{chunk}")
        closing, name = _parse_tag(tag)
        if hidden:
            hidden = "" if (closing and name == hidden) or (name == "body" and hidden == "head") else hidden
        elif name in _HIDDEN and not closing:
            hidden = name
        if name in _BREAKS:
            pieces.append("\n")
        elif name in _CELLS:
            pieces.append(" ")
        if not hidden:
            pieces.append(_squeeze(text))
    return _tidy("".join(pieces))


def _parse_tag(text: str) -> tuple[bool, str]:
    found = _TAG.match(text)
    return (bool(found[1]), found[2].lower()) if found else (False, "")


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _tidy(text: str) -> str:
    lines = [" ".join(line.split()) for line in html.unescape(text).split("\n")]
    kept = [line for index, line in enumerate(lines) if line or (index and lines[index - 1])]
    return "\n".join(kept).strip()
