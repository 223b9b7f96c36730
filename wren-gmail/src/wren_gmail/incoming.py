"""Convert Gmail's message resources to `Email` records. Pure functions."""

import base64
import binascii
import html
import mimetypes
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from wren_gmail import plaintext
from wren_gmail.decoding import clean, decode_body, decode_words
from wren_gmail.records import Address, Attachment, Email

Part = dict[str, Any]
# A mail with more parts is an attack or a mistake; only its first parts are read.
MAX_PARTS = 1000


def to_email(resource: Mapping[str, Any]) -> Email:
    """Parse a message resource in format `full`, or in `metadata` with `partial` set if its body is missing."""
    payload, partial = resource.get("payload") or {}, bool(resource.get("partial"))
    headers = _headers(payload)
    labels = tuple(resource.get("labelIds") or ())
    snippet = clean(html.unescape(resource.get("snippet") or ""))
    plain, markup = _bodies(payload)
    return Email(
        id=resource["id"],
        thread_id=resource.get("threadId") or resource["id"],
        message_id=headers.get("message-id", "").strip(),
        subject=decode_words(headers.get("subject", "")),
        sender=next(iter(_addresses(headers.get("from", ""))), Address()),
        to=_addresses(headers.get("to", "")),
        cc=_addresses(headers.get("cc", "")),
        reply_to=_addresses(headers.get("reply-to", "")),
        date=_date(headers.get("date", ""), resource.get("internalDate")),
        snippet=snippet,
        text=snippet if partial else plain.strip() or plaintext.from_html(markup),
        html=markup,
        labels=labels,
        unread="UNREAD" in labels,
        attachments=tuple(describe(part) for part in attached_parts(resource)),
        partial=partial,
        headers={key: decode_words(value) for key, value in headers.items()},
    )


def attached_parts(resource: Mapping[str, Any]) -> list[Part]:
    """List the parts that are files, inline pictures included."""
    return [part for part in _leaves(resource.get("payload") or {}) if _is_attached(part)]


def external_bodies(resource: Mapping[str, Any]) -> list[Part]:
    """List the text parts that Gmail left out of the resource because of their size."""
    texts = (part for part in _leaves(resource.get("payload") or {}) if not _is_attached(part))
    return [part for part in texts if _body(part).get("attachmentId") and not _body(part).get("data")]


def describe(part: Part) -> Attachment:
    """Describe an attached part, without its content."""
    kind = part.get("mimeType") or "application/octet-stream"
    name = clean(decode_words(part.get("filename") or ""))
    unnamed = f"attachment-{part.get('partId') or 0}{mimetypes.guess_extension(kind) or ''}"
    return Attachment(filename=name or unnamed, content_type=kind, size=_body(part).get("size") or 0)


def decode_data(data: str) -> bytes:
    """Decode Gmail's base64url, with or without padding; return no bytes if it is invalid."""
    try:
        return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return b""


def _leaves(payload: Part) -> Iterator[Part]:
    # A loop, not recursion: the sender decides how deeply the parts are nested.
    pending = [payload]
    for _ in range(MAX_PARTS):
        if not pending:
            return
        part = pending.pop()
        if str(part.get("mimeType", "")).startswith("multipart/"):
            pending.extend(reversed(part.get("parts") or []))
        else:
            yield part


def _is_attached(part: Part) -> bool:
    if part.get("filename") or part.get("mimeType") not in ("text/plain", "text/html"):
        return bool(_body(part).get("size") or part.get("filename"))
    return _headers(part).get("content-disposition", "").lower().startswith("attachment")


def _bodies(payload: Part) -> tuple[str, str]:
    texts: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    for part in _leaves(payload):
        kind = part.get("mimeType", "")
        if kind in texts and not _is_attached(part):
            text = decode_body(decode_data(_body(part).get("data") or ""), _charset(part))
            texts[kind].append(text.replace("\r\n", "\n"))
    return "\n".join(texts["text/plain"]), "\n".join(texts["text/html"])


def _body(part: Part) -> dict[str, Any]:
    return part.get("body") or {}


def _charset(part: Part) -> str:
    header = Message()
    header["content-type"] = clean(_headers(part).get("content-type", ""))
    return str(header.get_param("charset") or "")


def _headers(part: Part) -> dict[str, str]:
    found: dict[str, str] = {}
    for header in part.get("headers") or []:
        found.setdefault(str(header.get("name", "")).lower(), clean(str(header.get("value", ""))))
    return found


def _addresses(value: str) -> tuple[Address, ...]:
    # Addresses are split before the names are decoded: a decoded name may contain a comma.
    found = getaddresses([value])
    return tuple(Address(address=address, name=decode_words(name)) for name, address in found if address)


def _date(header: str, internal: str | None) -> datetime | None:
    try:
        sent = parsedate_to_datetime(header)
        return sent if sent.tzinfo else sent.replace(tzinfo=UTC)
    except (ValueError, IndexError, TypeError, OverflowError):
        return datetime.fromtimestamp(int(internal) / 1000, UTC) if internal else None
