"""What the methods take: types whose descriptions become documents and schemas."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from wren_gmail.records import Attachment

# Ids go into URLs, so nothing may pass but the characters Gmail makes ids of.
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]

MessageId = Annotated[_Id, "Id of the message: the `id` of an Email"]
ThreadId = Annotated[_Id, "Id of the conversation: the `thread_id` of an Email"]
DraftId = Annotated[_Id, "Id of the draft: the `id` of a Draft"]

Limit = Annotated[int, Field(ge=1, le=500), "At most this many"]
Query = Annotated[str, "Gmail search, such as `from:ann subject:invoice is:unread in:sent label:work after:2026/01/31`"]
Labels = Annotated[tuple[str, ...], "Label names or ids, such as STARRED or Invoices"]

To = Annotated[str | tuple[str, ...], "Recipient, or several: 'bob@example.com' or 'Bob <bob@example.com>'"]
Copies = Annotated[str | tuple[str, ...], "Recipients of a copy"]
HiddenCopies = Annotated[str | tuple[str, ...], "Recipients of a copy that the others do not see"]
Subject = Annotated[str, "Subject, one line"]
Text = Annotated[str, "Body as plain text"]
Html = Annotated[str | None, "Body as HTML, shown in place of the text where the reader's program can"]

Folder = Annotated[Path | None, "Folder to save the files in; nothing is saved where left out"]
FileNames = Annotated[tuple[str, ...], "File names to download; all of them where left out"]
Files = Annotated[tuple[Path | Attachment, ...], "Files to attach: the path of each, or its path and the name to show"]
