"""What the methods return."""

from datetime import datetime
from typing import Annotated

from wren_core import Record


class MailFolder(Record):
    """A folder of the account."""

    name: Annotated[str, "Name, as the other methods take it"]
    role: Annotated[str | None, "What it is for, where the server says so: Sent, Trash, Junk, Drafts, Archive"]
    selectable: Annotated[bool, "Whether it holds e-mails; others only hold folders"]


class Address(Record):
    """Who an e-mail is from or to."""

    address: Annotated[str, "E-mail address; empty where the header is broken"]
    name: Annotated[str, "Name; empty where none was given"]


class EmailHead(Record):
    """An e-mail without its body."""

    id: Annotated[str, "What the other methods take: folder, generation of the folder and number in it"]
    message_id: Annotated[str, "The Message-ID header"]
    subject: Annotated[str, "Subject, decoded"]
    sender: Annotated[Address, "Who it is from"]
    to: Annotated[tuple[Address, ...], "Recipients in To"]
    cc: Annotated[tuple[Address, ...], "Recipients in Cc"]
    reply_to: Annotated[tuple[Address, ...], "Who wants the reply, where the sender named others"]
    date: Annotated[datetime | None, "When it was sent, with time zone; null where the header is broken"]
    unread: Annotated[bool, "Whether it is unread"]
    size: Annotated[int, "Bytes, attachments included"]


class Email(EmailHead):
    """An e-mail."""

    text: Annotated[str, "The body as plain text, made from the HTML where there is nothing else"]
    html: Annotated[str, "The body as HTML; empty where there is none"]
    references: Annotated[str, "Message-IDs of the conversation before it"]
    attachments: Annotated[tuple[str, ...], "Names of the files in it; save_attachments() saves them"]


class SavedFile(Record):
    """An attachment that was saved."""

    name: Annotated[str, "What the sender called it"]
    file: Annotated[str, "Where it is on this machine"]
    size: Annotated[int, "Bytes"]


class Placed(Record):
    """Where an e-mail is now."""

    id: Annotated[str | None, "Its id; null where the server does not tell: search for it"]
    moved_from: Annotated[str, "Folder it was in"]


class SentEmail(Record):
    """An e-mail that was handed to the server."""

    message_id: Annotated[str, "Its Message-ID header"]
    refused: Annotated[dict[str, str], "Recipients the server refused, and why; the others get it"]
    saved_as: Annotated[str | None, "Id of the copy in sent_folder"]
