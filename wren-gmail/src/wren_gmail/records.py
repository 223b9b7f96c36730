"""Results of the methods: frozen records whose descriptions become documentation and schemas."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from wren_core import Record
from wren_core.mail import addresses


class Attachment(Record):
    """A file attached to an e-mail."""

    filename: Annotated[str, "File name; a second file of the same name in an e-mail gets a number"]
    content_type: Annotated[str, "Media type, such as application/pdf; guessed from the name if empty"] = ""
    size: Annotated[int, "Size in bytes"] = 0
    path: Annotated[str | None, "Path of the file on disk; null if it is not saved"] = None
    # For Python only: without a JSON form, no base64 can pass through a model.
    content: Annotated[bytes | None, SkipJsonSchema(), Field(exclude=True, repr=False)] = None


class Address(Record):
    """The sender or a recipient of an e-mail."""

    address: Annotated[str, "E-mail address; empty if the header has none"] = ""
    name: Annotated[str, "Name; empty if the header has none"] = ""

    @classmethod
    def of(cls, found: addresses.Address) -> Self:
        """Return the record of an address that was read from a header."""
        return cls(address=found.address, name=found.name)

    def __str__(self) -> str:
        return str(addresses.Address(address=self.address, name=self.name))


class Email(Record):
    """An e-mail."""

    id: Annotated[str, "Gmail's id of the message; the message_id of other methods"]
    thread_id: Annotated[str, "Id of the conversation"]
    message_id: Annotated[str, "The Message-ID header; empty if the sender set none"] = ""
    subject: Annotated[str, "Subject, decoded"] = ""
    sender: Annotated[Address, "Sender"] = Address()
    to: Annotated[tuple[Address, ...], "Recipients in To"] = ()
    cc: Annotated[tuple[Address, ...], "Recipients in Cc"] = ()
    reply_to: Annotated[tuple[Address, ...], "Reply-To addresses, if the sender set any"] = ()
    date: Annotated[datetime | None, "Time of sending, with time zone; time of arrival if the header is no date"] = None
    snippet: Annotated[str, "The first words of the text"] = ""
    text: Annotated[str, "The body as plain text"] = ""
    labels: Annotated[tuple[str, ...], "Label ids, such as INBOX and UNREAD; labels() gives their names"] = ()
    unread: Annotated[bool, "Whether it is unread"] = False
    attachments: Annotated[tuple[Attachment, ...], "Attached files; attachments() downloads them"] = ()
    partial: Annotated[bool, "True if the body could not be read; text is then the snippet"] = False
    # For Python only: a model reads `text`, which is converted from the HTML if a mail has no plain text.
    html: Annotated[str, SkipJsonSchema(), Field(exclude=True, repr=False)] = ""
    headers: Annotated[dict[str, str], SkipJsonSchema(), Field(exclude=True, repr=False)] = Field(default_factory=dict)


class Label(Record):
    """A label of the account."""

    id: Annotated[str, "Label id, such as INBOX or Label_7"]
    name: Annotated[str, "Name shown in Gmail"]
    type: Annotated[str, "system or user"] = "user"


class LabelChange(Record):
    """The effect of a change of labels, with everything needed to undo it exactly."""

    message_id: Annotated[str, "The message"]
    labels: Annotated[tuple[str, ...], "Label ids of the message after the change"]
    added: Annotated[tuple[str, ...], "Label ids that were added"] = ()
    removed: Annotated[tuple[str, ...], "Label ids that were removed"] = ()


class SentEmail(Record):
    """A sent e-mail."""

    id: Annotated[str, "Gmail's id of the sent message"]
    thread_id: Annotated[str, "Id of the conversation it belongs to"]


class Draft(Record):
    """A stored draft."""

    id: Annotated[str, "Id of the draft; the draft_id of discard_draft"]
    message_id: Annotated[str, "Gmail's id of the draft's message"]
    thread_id: Annotated[str, "Id of the conversation it belongs to"]
