"""Results of the methods, parsed from the servers' responses."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BeforeValidator

from wren_core import Record
from wren_core.mail.parts import parse
from wren_core.mail.reading import read_mail
from wren_imap.fetching import Fetched

# Mail can contain text that JSON cannot represent, such as lone surrogates.
Clean = Annotated[str, BeforeValidator(lambda text: text.encode("utf-8", "replace").decode().replace("\r\n", "\n"))]


class Email(Record):
    """An e-mail. Searches return it without its body, get() with it."""

    id: Annotated[str, "Id for other methods: folder, UIDVALIDITY and number in the folder"]
    unread: Annotated[bool, "Whether it is unread"]
    size: Annotated[int, "Size in bytes, including attachments"]
    message_id: Annotated[Clean, "The Message-ID header"] = ""
    subject: Annotated[Clean, "Subject, decoded"] = ""
    sender: Annotated[Clean, 'Sender, such as Ann <ann@example.com> or "Last, First" <ann@example.com>'] = ""
    to: Annotated[tuple[Clean, ...], "Recipients in To"] = ()
    cc: Annotated[tuple[Clean, ...], "Recipients in Cc"] = ()
    reply_to: Annotated[tuple[Clean, ...], "Reply-To addresses, if the sender set any"] = ()
    date: Annotated[datetime | None, "Time of sending, with time zone; time of arrival if the header is no date"] = None
    references: Annotated[Clean, "Message-IDs of the earlier e-mails of the conversation"] = ""
    text: Annotated[Clean, "The body as plain text; converted from the HTML if there is no plain text"] = ""
    html: Annotated[Clean, "The body as HTML; empty if there is none"] = ""
    attachments: Annotated[tuple[Clean, ...], "Names of the attachments, each once; save_attachments() saves them"] = ()

    @classmethod
    def from_server(cls, fetched: Fetched, message_id: str, *, only_headers: bool = False) -> Self:
        """Parse a message, however damaged it is."""
        mail = read_mail(parse(fetched.raw), arrived_at=fetched.arrived_at)
        body = {"text": mail.text, "html": mail.html, "attachments": tuple(file.name for file in mail.files)}
        return cls(
            id=message_id,
            unread="\\Seen" not in fetched.flags,
            size=fetched.size,
            message_id=mail.message_id,
            subject=mail.subject,
            sender=str(mail.sender),
            to=tuple(map(str, mail.to)),
            cc=tuple(map(str, mail.cc)),
            reply_to=tuple(map(str, mail.reply_to)),
            date=mail.date,
            references=mail.references,
            **({} if only_headers else body),
        )


class SentEmail(Record):
    """An e-mail that the SMTP server accepted."""

    message_id: Annotated[str, "The Message-ID header"]
    refused: Annotated[dict[str, str], "Refused recipients with the server's reason; all others get the e-mail"]
