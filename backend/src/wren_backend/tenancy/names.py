"""Names that people give to deployments, keys, users and workspaces: what they may hold, and when two are the same."""

import unicodedata

from wren_core.errors import InvalidInput

MAX_NAME_LENGTH = 120
# Control, format (bidirectional overrides, zero width), surrogate, private use, unassigned, line and paragraph.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FORBIDDEN_CHARACTERS = frozenset("/\\")


def clean_name(raw: str) -> str:
    """Return `raw` in the form it is stored in: trimmed, Unicode NFC.

    Raises:
        InvalidInput: it is empty, too long, or holds characters that a person cannot see or a path could use.
    """
    name = raw.strip()
    forbidden = next((character for character in name if _is_forbidden(character)), None)
    if forbidden is not None:
        printable = f" ({forbidden})" if forbidden in _FORBIDDEN_CHARACTERS else ""
        raise _name_invalid(f"it holds U+{ord(forbidden):04X}{printable}, which a name may not")
    name = unicodedata.normalize("NFC", name)
    if not name:
        raise _name_invalid("it is empty")
    if len(name) > MAX_NAME_LENGTH:
        raise _name_invalid(f"it has {len(name)} characters; {MAX_NAME_LENGTH} is the most")
    if name in {".", ".."} or "%2e" in name.lower() or "%2f" in name.lower():
        raise _name_invalid("it reads like a path")
    return name


def name_key(name: str) -> str:
    """Return the folded form; people cannot tell two names with the same key apart."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _is_forbidden(character: str) -> bool:
    return character in _FORBIDDEN_CHARACTERS or unicodedata.category(character) in _FORBIDDEN_CATEGORIES


def _name_invalid(reason: str) -> InvalidInput:
    return InvalidInput(f"the name is not valid: {reason}", code="NAME_INVALID", details={"field": "name"})
