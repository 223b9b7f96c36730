"""Text of plugins, scripts and servers as a terminal may show it: as data, which changes nothing but the characters."""

from urllib.parse import urlsplit


def escape_controls(text: str) -> str:
    """Return text with everything escaped that could change the terminal: control characters, ANSI, bidi, invisibles.

    Line breaks and tabs stay.
    """
    return "".join(char if char.isprintable() or char in "\n\t" else _escape(char) for char in text)


def as_line(text: str, *, most: int = 500) -> str:
    """Return text as a part of one line, without line breaks that could look like lines of the host, and cut."""
    escaped = "".join(char if char.isprintable() else _escape(char) for char in text[:most])
    return escaped if len(text) <= most else f"{escaped}... ({len(text)} characters)"


def is_web_link(text: str) -> bool:
    """Tell whether a text is a web address and nothing else, so that it may be shown as a link."""
    if not text.isprintable() or any(char.isspace() for char in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
