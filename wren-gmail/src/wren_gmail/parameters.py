"""Parameter types of the methods; their descriptions become documentation and schemas."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from wren_gmail.records import Attachment

# Ids become part of URLs, so only the characters of Gmail's ids are allowed.
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]

MessageId = Annotated[_Id, "Id of the message: the `id` of an Email"]
ThreadId = Annotated[_Id, "Id of the conversation: the `thread_id` of an Email"]
DraftId = Annotated[_Id, "Id of the draft: the `id` of a Draft"]

Limit = Annotated[int, Field(ge=1, le=500), "Maximum number of e-mails"]
Query = Annotated[str, "Gmail search, such as `from:ann subject:invoice is:unread in:sent label:work after:2026/01/31`"]
Labels = Annotated[tuple[str, ...], "Label names or ids, such as STARRED or Invoices"]

To = Annotated[str | tuple[str, ...], "Recipient, or several: 'bob@example.com' or 'Bob <bob@example.com>'"]
Copies = Annotated[str | tuple[str, ...], "Recipients of a copy (Cc)"]
HiddenCopies = Annotated[str | tuple[str, ...], "Recipients of a copy who stay hidden from all others (Bcc)"]
Subject = Annotated[str, "Subject, one line"]
Text = Annotated[str, "Body as plain text"]
Html = Annotated[str | None, "Body as HTML; mail programs that can display it show it instead of the text"]

Folder = Annotated[Path | None, "Folder to save the files in; by default no file is saved"]
FileNames = Annotated[tuple[str, ...], "Names of the files to download; default: all"]
Files = Annotated[tuple[Path | Attachment, ...], "Files to attach: paths, or objects with a path and the name to show"]
