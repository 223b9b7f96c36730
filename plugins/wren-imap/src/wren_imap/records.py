"""What the methods return, each made from what the servers send."""

from datetime import UTC, datetime
from email.errors import MessageError
from typing import Annotated, Any, Self

from pydantic import BeforeValidator

from wren_core import Record
from wren_core.mail import plain_text

# Senders write what no JSON carries, halves of surrogate pairs among it.
Clean = Annotated[str, BeforeValidator(lambda text: text.encode("utf-8", "replace").decode().replace("\r\n", "\n"))]


class Email(Record):
    """An e-mail. Lists have it without its body, get() has all of it; of a broken one only the size is known."""

    id: Annotated[str, "What the other methods take: folder, generation of the folder, number in it"]
    unread: Annotated[bool, "Whether it is unread"]
    size: Annotated[int, "Bytes, attachments included"]
    message_id: Annotated[Clean, "The Message-ID header"] = ""
    subject: Annotated[Clean, "Subject, decoded"] = ""
    sender: Annotated[Clean, "Who it is from: Ann <ann@example.com>"] = ""
    to: Annotated[tuple[Clean, ...], "Recipients in To"] = ()
    cc: Annotated[tuple[Clean, ...], "Recipients in Cc"] = ()
    reply_to: Annotated[tuple[Clean, ...], "Who wants the reply, where the sender named others"] = ()
    date: Annotated[datetime | None, "When it was sent, with time zone; in 1900 where the header is broken"] = None
    references: Annotated[Clean, "Message-IDs of the conversation before it"] = ""
    text: Annotated[Clean, "The body as plain text, made from the HTML where there is nothing else"] = ""
    html: Annotated[Clean, "The body as HTML; empty where there is none"] = ""
    attachments: Annotated[tuple[Clean, ...], "Names of the files in it; save_attachments() saves them"] = ()

    @classmethod
    def from_imap(cls, mail: Any, message_id: str) -> Self:
        """Read a message. One the parser gives up on is there all the same, so that it does not hide the others."""
        known: dict[str, Any] = {"id": message_id, "unread": "\\Seen" not in mail.flags, "size": mail.size_rfc822}
        try:
            return cls(
                **known,
                message_id=str(mail.obj.get("Message-ID", "")).strip(),
                subject=" ".join(mail.subject.split()),
                sender=mail.from_values.full if mail.from_values else "",
                to=tuple(item.full for item in mail.to_values),
                cc=tuple(item.full for item in mail.cc_values),
                reply_to=tuple(item.full for item in mail.reply_to_values),
                date=mail.date if mail.date.tzinfo else mail.date.replace(tzinfo=UTC),
                references=" ".join(str(mail.obj.get("References", "")).split()),
                text=mail.text.strip() or plain_text(mail.html),
                html=mail.html,
                attachments=tuple(item.filename for item in mail.attachments),
            )
        except (MessageError, ValueError, LookupError, TypeError, AttributeError):
            return cls(**known)


class SentEmail(Record):
    """An e-mail that was handed to the server."""

    message_id: Annotated[str, "Its Message-ID header"]
    refused: Annotated[dict[str, str], "Recipients the server refused, and why; the others get it"]
