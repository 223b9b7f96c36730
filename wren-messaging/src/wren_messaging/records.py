"""What the methods return."""

from datetime import datetime
from typing import Annotated

from wren_core import Record


class SentMessage(Record):
    """A message that was left in the inbox."""

    id: Annotated[str, "Identifier of the message"]
    created_at: Annotated[datetime, "When it was left, in UTC"]


class Message(SentMessage):
    """A message of the inbox."""

    body: Annotated[str, "The text"]
    subject: Annotated[str | None, "One line, if it has one"] = None
    sender: Annotated[str | None, "The script or person it is from"] = None
    to: Annotated[str | None, "Whom it is for; everybody where nobody is named"] = None
