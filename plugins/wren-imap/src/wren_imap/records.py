"""What the methods return."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator

from wren_core import Record

# Senders write what no JSON carries, halves of surrogate pairs among it.
Clean = Annotated[str, BeforeValidator(lambda text: text.encode("utf-8", "replace").decode().replace("\r\n", "\n"))]
UNKNOWN = datetime(1900, 1, 1, tzinfo=UTC)


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
    date: Annotated[datetime, "When it was sent, with time zone; in 1900 where the header is broken"] = UNKNOWN
    references: Annotated[Clean, "Message-IDs of the conversation before it"] = ""
    text: Annotated[Clean, "The body as plain text, made from the HTML where there is nothing else"] = ""
    html: Annotated[Clean, "The body as HTML; empty where there is none"] = ""
    attachments: Annotated[tuple[Clean, ...], "Names of the files in it; save_attachments() saves them"] = ()


class SentEmail(Record):
    """An e-mail that was handed to the server."""

    message_id: Annotated[str, "Its Message-ID header"]
    refused: Annotated[dict[str, str], "Recipients the server refused, and why; the others get it"]
