"""Undo the transfer encodings of e-mails, also where the text is cut off or damaged: what arrived is kept."""

import binascii
import re
from email.message import Message

_LINE = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_OTHER = re.compile(rb"[^A-Za-z0-9+/=]+")


def decode_base64(data: bytes) -> bytes:
    """Decode base64 that may be cut off, contain other characters, or be followed by lines of text."""
    pieces, is_ended = [b""], False
    for line in data.split(b"\n"):
        text = line.strip()
        if is_ended and not _LINE.fullmatch(text):
            continue  # a footer that a mailing list added
        *ended, rest = re.split(rb"=+", _OTHER.sub(b"", text))
        for piece in ended:
            pieces[-1] += piece
            pieces.append(b"")
            is_ended = True
        pieces[-1] += rest
    return b"".join(map(_decode_piece, pieces))


def decode_content(message: Message) -> bytes:
    """Return the content of a part that has no parts itself."""
    encoding = re.sub(r"[^a-z0-9-]", "", str(message.get("content-transfer-encoding", "")).lower())
    if encoding == "base64":
        return decode_base64(str(message.get_payload()).encode("ascii", "replace"))
    try:
        content = message.get_payload(decode=True)
    except (ValueError, LookupError):
        content = str(message.get_payload()).encode("utf-8", "replace")
    return content if isinstance(content, bytes) else b""


def _decode_piece(piece: bytes) -> bytes:
    whole = piece[: len(piece) - 1] if len(piece) % 4 == 1 else piece
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
