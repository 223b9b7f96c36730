"""What the methods return."""

from datetime import datetime
from typing import Annotated

from wren_core import Record


class MailFolder(Record):
    """A folder of the account."""

    name: Annotated[str, "Name, as the other methods take it"]
    flags: Annotated[tuple[str, ...], "What the server says of it, such as \\Sent, \\Trash or \\Noselect"]


class Email(Record):
    """An e-mail. Lists have it without body and attachments; get() has all of it."""

    id: Annotated[str, "What the other methods take: folder, generation of the folder, number in it"]
    message_id: Annotated[str, "The Message-ID header"]
    subject: Annotated[str, "Subject, decoded"]
    sender: Annotated[str, "Who it is from: Ann <ann@example.com>"]
    to: Annotated[tuple[str, ...], "Recipients in To"]
    cc: Annotated[tuple[str, ...], "Recipients in Cc"]
    reply_to: Annotated[tuple[str, ...], "Who wants the reply, where the sender named others"]
    date: Annotated[datetime | None, "When it was sent, with time zone; null where the header is broken"]
    unread: Annotated[bool, "Whether it is unread"]
    size: Annotated[int, "Bytes, attachments included"]
    references: Annotated[str, "Message-IDs of the conversation before it"]
    text: Annotated[str, "The body as plain text, made from the HTML where there is nothing else"]
    html: Annotated[str, "The body as HTML; empty where there is none"]
    attachments: Annotated[tuple[str, ...], "Names of the files in it; save_attachments() saves them"]


class SavedFile(Record):
    """An attachment that was saved."""

    name: Annotated[str, "What the sender called it"]
    file: Annotated[str, "Where it is on this machine"]
    size: Annotated[int, "Bytes"]


class Moved(Record):
    """An e-mail that was moved."""

    id: Annotated[str | None, "Its id now; null where the server does not tell: search for it"]
    moved_from: Annotated[str, "Folder it was in"]


class SentEmail(Record):
    """An e-mail that was handed to the server."""

    message_id: Annotated[str, "Its Message-ID header"]
    refused: Annotated[dict[str, str], "Recipients the server refused, and why; the others get it"]
