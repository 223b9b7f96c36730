"""What the methods return: frozen records whose descriptions become documents and schemas."""

from datetime import datetime
from email.utils import formataddr
from typing import Annotated

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from wren_core import Record


class Attachment(Record):
    """A file of an e-mail."""

    filename: Annotated[str, "File name"]
    content_type: Annotated[str, "Media type, such as application/pdf; guessed from the name where empty"] = ""
    size: Annotated[int, "Size in bytes"] = 0
    path: Annotated[str | None, "Where the file is on disk; null when it is not"] = None
    # For Python only: without a JSON form, no base64 can pass through a model.
    content: Annotated[bytes | None, SkipJsonSchema(), Field(exclude=True, repr=False)] = None


class Address(Record):
    """Who an e-mail is from or to."""

    address: Annotated[str, "E-mail address; empty when the header is missing or broken"] = ""
    name: Annotated[str, "Name; empty when none was given"] = ""

    def __str__(self) -> str:
        return formataddr((self.name, self.address), "utf-8") if self.name else self.address


class Email(Record):
    """An e-mail."""

    id: Annotated[str, "Gmail's id of the message; what other methods take as message_id"]
    thread_id: Annotated[str, "Id of the conversation"]
    message_id: Annotated[str, "The Message-ID header; empty when the sender set none"] = ""
    subject: Annotated[str, "Subject, decoded"] = ""
    sender: Annotated[Address, "Who it is from"] = Address()
    to: Annotated[tuple[Address, ...], "Recipients in To"] = ()
    cc: Annotated[tuple[Address, ...], "Recipients in Cc"] = ()
    reply_to: Annotated[tuple[Address, ...], "Who wants the reply, when the sender named others"] = ()
    date: Annotated[datetime | None, "When it was sent, with time zone; when it arrived if the header is broken"] = None
    snippet: Annotated[str, "The first words of the text"] = ""
    text: Annotated[str, "The body as plain text"] = ""
    labels: Annotated[tuple[str, ...], "Label ids, such as INBOX and UNREAD; labels() gives their names"] = ()
    unread: Annotated[bool, "Whether it is unread"] = False
    attachments: Annotated[tuple[Attachment, ...], "What is attached; attachments() downloads it"] = ()
    partial: Annotated[bool, "True when the body could not be read: text is the snippet then"] = False
    # For Python only: a model reads `text`, which is made from the HTML when a mail has nothing else.
    html: Annotated[str, SkipJsonSchema(), Field(exclude=True, repr=False)] = ""
    headers: Annotated[dict[str, str], SkipJsonSchema(), Field(exclude=True, repr=False)] = Field(default_factory=dict)


class Label(Record):
    """A label of the account."""

    id: Annotated[str, "Label id, such as INBOX or Label_7"]
    name: Annotated[str, "Name as Gmail shows it"]
    type: Annotated[str, "system or user"] = "user"


class LabelChange(Record):
    """What changing labels did; enough to take it back exactly."""

    message_id: Annotated[str, "The message"]
    labels: Annotated[tuple[str, ...], "Label ids it has now"]
    added: Annotated[tuple[str, ...], "Label ids it did not have before"] = ()
    removed: Annotated[tuple[str, ...], "Label ids it has no more"] = ()


class SentEmail(Record):
    """A sent e-mail."""

    id: Annotated[str, "Gmail's id of the sent message"]
    thread_id: Annotated[str, "Id of the conversation it belongs to"]


class Draft(Record):
    """A stored draft."""

    id: Annotated[str, "Id of the draft; what discard_draft takes"]
    message_id: Annotated[str, "Gmail's id of the draft's message"]
    thread_id: Annotated[str, "Id of the conversation it belongs to"]
