"""From a message as senders really write them to a clean record. Of one that is broken, what can be read is shown."""

import html
from collections.abc import Callable
from datetime import UTC
from email.errors import MessageError
from typing import Any, TypeVar

from imap_tools import MailAttachment, MailMessage

from wren_imap.records import Email

T = TypeVar("T")
_BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError)


def email_of(message: MailMessage, message_id: str) -> Email:
    """Read a message."""
    markup, sent = _text(lambda: message.html), _read(lambda: message.date, None)
    return Email(
        id=message_id,
        message_id=_line(lambda: message.obj.get("Message-ID", "")),
        subject=_line(lambda: message.subject),
        sender=_line(lambda: message.from_values.full if message.from_values else ""),
        to=_read(lambda: tuple(_clean(item.full) for item in message.to_values), ()),
        cc=_read(lambda: tuple(_clean(item.full) for item in message.cc_values), ()),
        reply_to=_read(lambda: tuple(_clean(item.full) for item in message.reply_to_values), ()),
        # The library's own word for a date that it cannot read is the year 1900.
        date=None if not sent or sent.year == 1900 else sent if sent.tzinfo else sent.replace(tzinfo=UTC),
        unread="\\Seen" not in message.flags,
        size=message.size_rfc822,
        references=_line(lambda: message.obj.get("References", "")),
        text=_text(lambda: message.text).strip() or plain(markup),
        html=markup,
        attachments=tuple(file_name(item) for item in attachments_of(message)),
    )


def attachments_of(message: MailMessage) -> list[MailAttachment]:
    """Return the files in a message."""
    return _read(lambda: message.attachments, [])


def file_name(item: MailAttachment) -> str:
    """Return what the sender called a file."""
    return _line(lambda: item.filename) or "attachment"


def plain(markup: str) -> str:
    """Return the text of HTML, in linear time whatever the input."""
    first, *chunks = markup.split("<")
    shown = [first, *(chunk.partition(">")[2] for chunk in chunks if not chunk.lower().startswith(("style", "script")))]
    return "\n".join(line for line in (" ".join(html.unescape(text).split()) for text in shown) if line)


def _read(value: Callable[[], T], default: T) -> T:
    try:
        return value()
    except _BROKEN:
        return default


def _text(value: Callable[[], Any]) -> str:
    return _clean(str(_read(value, ""))).replace("\r\n", "\n")


def _line(value: Callable[[], Any]) -> str:
    return " ".join(_text(value).split())


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # no JSON carries half a surrogate pair
