"""From a message as senders really write them to clean records. One that is broken shows what can be read of it."""

import html
from collections.abc import Callable
from datetime import UTC, datetime
from email.errors import MessageError
from typing import Any, TypeVar

from imap_tools import EmailAddress, MailAttachment, MailMessage

from wren_imap.records import Address, Email, EmailHead

T = TypeVar("T")
_BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError)
_HIDDEN = ("style", "script", "!--")


def head_of(message: MailMessage, message_id: str) -> EmailHead:
    """Read the headers."""
    return EmailHead.model_validate(_head(message, message_id))


def email_of(message: MailMessage, message_id: str) -> Email:
    """Read the whole message."""
    markup = clean(read(lambda: message.html, ""))
    return Email(
        **_head(message, message_id),
        text=clean(read(lambda: message.text, "")).strip() or plain(markup),
        html=markup,
        references=" ".join(clean(read(lambda: str(message.obj.get("References", "")), "")).split()),
        attachments=tuple(name_of(item) for item in read(lambda: message.attachments, [])),
    )


def name_of(item: MailAttachment) -> str:
    """Return what the sender called a file."""
    return clean(read(lambda: item.filename, "")).strip() or "attachment"


def read(value: Callable[[], T], default: T) -> T:
    """Return a value of a message, or a default where what the sender wrote makes the parser give up."""
    try:
        return value()
    except _BROKEN:
        return default


def clean(text: str) -> str:
    """Replace lone surrogates, which no JSON can carry."""
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n")


def plain(markup: str) -> str:
    """Return the text of HTML, in linear time whatever the input."""
    first, *chunks = markup.split("<")
    texts = [chunk.partition(">")[2] for chunk in chunks if not chunk.lower().startswith(_HIDDEN)]
    return "\n".join(line for line in (" ".join(html.unescape(t).split()) for t in [first, *texts]) if line)


def _head(message: MailMessage, message_id: str) -> dict[str, Any]:
    sender = read(lambda: message.from_values, None)
    sent_at: datetime | None = read(lambda: message.date, None)
    if sent_at is not None:
        sent_at = None if sent_at.year == 1900 else sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)
    return {
        "id": message_id,
        "message_id": clean(read(lambda: str(message.obj.get("Message-ID", "")), "")).strip(),
        "subject": " ".join(clean(read(lambda: message.subject, "")).split()),
        "sender": _address(sender) if sender else Address(address="", name=""),
        "to": _addresses(lambda: message.to_values),
        "cc": _addresses(lambda: message.cc_values),
        "reply_to": _addresses(lambda: message.reply_to_values),
        "date": sent_at,
        "unread": "\\Seen" not in message.flags,
        "size": message.size_rfc822,
    }


def _addresses(values: Callable[[], tuple[EmailAddress, ...]]) -> tuple[Address, ...]:
    return tuple(_address(item) for item in read(values, ()))


def _address(item: EmailAddress) -> Address:
    return Address(address=clean(item.email), name=clean(item.name))
