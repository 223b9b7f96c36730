"""From a message as senders really write them to a record."""

import html
from datetime import UTC
from email.errors import MessageError

from imap_tools import MailMessage

from wren_imap.records import Email

_BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError)


def email_of(message: MailMessage, message_id: str) -> Email:
    """Read a message. One that the parser gives up on is there all the same: it does not hide the others."""
    known = Email(id=message_id, unread="\\Seen" not in message.flags, size=message.size_rfc822)
    try:
        date = message.date
        return Email(
            **known.model_dump(include={"id", "unread", "size"}),
            message_id=str(message.obj.get("Message-ID", "")).strip(),
            subject=" ".join(message.subject.split()),
            sender=message.from_values.full if message.from_values else "",
            to=tuple(item.full for item in message.to_values),
            cc=tuple(item.full for item in message.cc_values),
            reply_to=tuple(item.full for item in message.reply_to_values),
            date=date if date.tzinfo else date.replace(tzinfo=UTC),
            references=" ".join(str(message.obj.get("References", "")).split()),
            text=message.text.strip() or plain(message.html),
            html=message.html,
            attachments=tuple(item.filename for item in message.attachments),
        )
    except _BROKEN:
        return known


def plain(markup: str) -> str:
    """Return the text of HTML, in linear time whatever the input."""
    first, *chunks = markup.split("<")
    shown = [first, *(chunk.partition(">")[2] for chunk in chunks if not chunk.lower().startswith(("style", "script")))]
    return "\n".join(line for line in (" ".join(html.unescape(text).split()) for text in shown) if line)
