"""Results of the methods, parsed from the servers' responses."""

from datetime import UTC, datetime
from email.errors import MessageError
from typing import Annotated, Any, Self

from pydantic import BeforeValidator

from wren_core import Record
from wren_core.mail import plain_text

# Mail can contain text that JSON cannot represent, such as lone surrogates.
Clean = Annotated[str, BeforeValidator(lambda text: text.encode("utf-8", "replace").decode().replace("\r\n", "\n"))]


class Email(Record):
    """An e-mail. Searches return it without its body, get() with it; if it cannot be parsed, only its size is known."""

    id: Annotated[str, "Id for other methods: folder, UIDVALIDITY and number in the folder"]
    unread: Annotated[bool, "Whether it is unread"]
    size: Annotated[int, "Size in bytes, including attachments"]
    message_id: Annotated[Clean, "The Message-ID header"] = ""
    subject: Annotated[Clean, "Subject, decoded"] = ""
    sender: Annotated[Clean, "Sender, such as Ann <ann@example.com>"] = ""
    to: Annotated[tuple[Clean, ...], "Recipients in To"] = ()
    cc: Annotated[tuple[Clean, ...], "Recipients in Cc"] = ()
    reply_to: Annotated[tuple[Clean, ...], "Reply-To addresses, if the sender set any"] = ()
    date: Annotated[datetime | None, "Time of sending, with time zone; in 1900 if the header is invalid"] = None
    references: Annotated[Clean, "Message-IDs of the earlier e-mails of the conversation"] = ""
    text: Annotated[Clean, "The body as plain text; converted from the HTML if there is no plain text"] = ""
    html: Annotated[Clean, "The body as HTML; empty if there is none"] = ""
    attachments: Annotated[tuple[Clean, ...], "Names of the attachments; save_attachments() saves them"] = ()

    @classmethod
    def from_imap(cls, mail: Any, message_id: str) -> Self:
        """Parse a message; one that cannot be parsed is also returned, so that it does not hide the others."""
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
    """An e-mail that the SMTP server accepted."""

    message_id: Annotated[str, "The Message-ID header"]
    refused: Annotated[dict[str, str], "Refused recipients with the server's reason; all others get the e-mail"]
