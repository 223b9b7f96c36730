"""Convert Gmail's message resources to `Email` records. Pure functions; `wren_core.mail` reads what they contain."""

import base64
import binascii
import html
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wren_core.mail.charsets import clean
from wren_core.mail.headers import decode_words, first_values
from wren_core.mail.parts import MailPart, assemble, find_filename, name_inner_mail
from wren_core.mail.reading import File, is_file, leaves, list_files, read_mail
from wren_gmail.records import Address, Attachment, Email

Json = dict[str, Any]


def to_email(resource: Mapping[str, Any]) -> Email:
    """Parse a message resource in format `full`, or in `metadata` with `partial` set if its body is missing."""
    root, partial = to_part(resource), bool(resource.get("partial"))
    mail = read_mail(root, arrived_at=_moment(resource.get("internalDate")))
    identity, snippet = _text(resource.get("id")), clean(html.unescape(_text(resource.get("snippet"))))
    labels = tuple(item for item in _list(resource.get("labelIds")) if isinstance(item, str))
    return Email(
        id=identity,
        thread_id=_text(resource.get("threadId")) or identity,
        message_id=mail.message_id,
        subject=mail.subject,
        sender=Address.of(mail.sender),
        to=tuple(map(Address.of, mail.to)),
        cc=tuple(map(Address.of, mail.cc)),
        reply_to=tuple(map(Address.of, mail.reply_to)),
        date=mail.date,
        snippet=snippet,
        text=snippet if partial else mail.text,
        html=mail.html,
        labels=labels,
        unread="UNREAD" in labels,
        attachments=tuple(map(describe, mail.files)),
        partial=partial,
        headers={name: decode_words(value) for name, value in root.headers.items()},
    )


def to_part(resource: Mapping[str, Any]) -> MailPart:
    """Return the parts of a message resource; only texts have their content."""
    return assemble(_dict(resource.get("payload")), read=_read_part, list_parts=_list_parts)


def attached_files(resource: Mapping[str, Any]) -> tuple[File, ...]:
    """List the files, inline pictures and attached e-mails included."""
    return list_files(to_part(resource))


def external_bodies(resource: Mapping[str, Any]) -> list[Json]:
    """List the texts that Gmail left out of the resource because of their size."""
    texts = (find_part(resource, part) for part in leaves(to_part(resource)) if not is_file(part))
    return [part for part in texts if _body(part).get("attachmentId") and not _body(part).get("data")]


def describe(file: File) -> Attachment:
    """Describe a file, without its content."""
    return Attachment(filename=file.name, content_type=file.part.kind, size=file.part.size)


def find_part(resource: Mapping[str, Any], part: MailPart) -> Json:
    """Return Gmail's own form of a part."""
    found = _dict(resource.get("payload"))
    for number in filter(None, part.place.split(".")):
        found = _dict(_list(found.get("parts"))[int(number)])
    return found


def decode_data(data: str) -> bytes:
    """Decode Gmail's base64url, with or without padding; return no bytes if it is invalid."""
    try:
        return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return b""


def _read_part(part: Json, place: str) -> MailPart:
    headers, kind = _headers(part), _text(part.get("mimeType")).lower() or "application/octet-stream"
    data, size = _text(_body(part).get("data")), _body(part).get("size")
    if kind.startswith("multipart/") and data and not part.get("parts"):
        kind = "text/plain"  # without its boundary: what stands in it is text
    content = decode_data(data) if kind.startswith("text/") else b""
    filename = find_filename(headers) or decode_words(_text(part.get("filename")))
    if kind == "message/rfc822":
        inner = [_headers(_dict(item)) for item in _list(part.get("parts"))[:1]]
        filename = filename or name_inner_mail(next(iter(inner), {}).get("subject", ""))
        size = size or _measure(part)
    return MailPart(
        kind=kind,
        headers=headers,
        place=place,
        content=content,
        size=size if isinstance(size, int) else len(content),
        filename=filename,
    )


def _list_parts(part: Json) -> list[Json]:
    is_divided = _text(part.get("mimeType")).lower().startswith("multipart/")
    return [_dict(item) for item in _list(part.get("parts"))] if is_divided else []


def _measure(part: Json) -> int:
    """Return about how many bytes an attached e-mail has; Gmail shows the sizes of its parts."""
    waiting, total = [part], 0
    while waiting:
        item = waiting.pop()
        size = _body(item).get("size")
        total += size if isinstance(size, int) else 0
        waiting += map(_dict, _list(item.get("parts")))
    return total


def _headers(part: Json) -> dict[str, str]:
    headers = map(_dict, _list(part.get("headers")))
    return first_values((_text(item.get("name")), _text(item.get("value"))) for item in headers)


def _body(part: Json) -> Json:
    return _dict(part.get("body"))


def _moment(internal: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(internal) / 1000, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
