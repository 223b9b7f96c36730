"""The mails of the fake: storing, parsing and writing them."""

import mimetypes
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime, make_msgid
from functools import cached_property

from wren_core.mail.parts import MailPart, parse
from wren_core.mail.reading import list_files, read_text


@dataclass(kw_only=True)
class Mail:
    """One mail of one mailbox."""

    id: str
    thread_id: str
    raw: bytes
    labels: list[str]
    received_at: datetime

    @cached_property
    def message(self) -> EmailMessage:
        """The parsed message."""
        return message_from_bytes(self.raw, policy=default)

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return self.header("subject")

    @property
    def sender(self) -> str:
        """The From header."""
        return self.header("from")

    @property
    def to(self) -> str:
        """The To header."""
        return self.header("to")

    @property
    def text(self) -> str:
        """The words of the body."""
        return read_text(self._parts)

    @property
    def attachments(self) -> dict[str, bytes]:
        """The attached files by name."""
        return {file.name: file.part.content for file in list_files(self._parts)}

    @cached_property
    def _parts(self) -> MailPart:
        return parse(self.raw)

    def header(self, name: str) -> str:
        """Return a header, decoded; empty when it is missing."""
        return str(self.message[name] or "")


def completed(raw: bytes, sender: str) -> bytes:
    """Add the headers Gmail adds to a message that lacks them."""
    mail = Mail(id="", thread_id="", raw=raw, labels=[], received_at=datetime.now(UTC))
    wanted = {
        "From": sender,
        "Date": format_datetime(mail.received_at),
        "Message-ID": make_msgid(domain="mail.gmail.com"),
    }
    lines = [f"{name}: {value}\r\n" for name, value in wanted.items() if not mail.header(name)]
    return "".join(lines).encode() + raw


def without_bcc(raw: bytes) -> bytes:
    """Remove the Bcc recipients, as in the copies that the other recipients get."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"bcc:")]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def write(
    sender: str,
    to: str,
    subject: str,
    text: str,
    html: str | None,
    attachments: dict[str, bytes],
    received_at: datetime | None,
) -> bytes:
    """Write a message as a mail program would."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(received_at or datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain="example.org")
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for filename, content in attachments.items():
        kind, _, subtype = (mimetypes.guess_type(filename)[0] or "application/octet-stream").partition("/")
        message.add_attachment(content, maintype=kind, subtype=subtype, filename=filename)
    return message.as_bytes()
