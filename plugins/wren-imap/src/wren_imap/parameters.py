"""What `init(...)` and the methods take."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from wren_core import IntegrationConfig

# What holds a line break could smuggle in a command, or a header, of its own.
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Security = Literal["tls", "starttls", "plain"]
Id = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+:\d{1,10}:\d{1,10}$"), "The `id` of an e-mail"]
Folder = Annotated[Line, "Folder, as folders() names it"]
Phrase = Annotated[Line | None, "Only e-mails that have this there"]
To = Annotated[Line | tuple[Line, ...], "Recipient, or several: 'bob@example.com' or 'Bob <bob@example.com>'"]
Subject = Annotated[Line, "Subject, one line"]
Text = Annotated[str, "Body as plain text"]
Html = Annotated[str | None, "Body as HTML, shown in place of the text where the reader's program can"]
Files = Annotated[tuple[Path, ...], "Files to attach"]
Place = Annotated[Path, "Folder on this machine; a file of that name in it is kept, and the new one gets a number"]


class MailConfig(IntegrationConfig):
    """Settings of one instance."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$"), "IMAP server"]
    port: Annotated[Port, "Its port"] = 993
    security: Annotated[Security, "How the connection is encrypted; `plain` is not"] = "tls"
    smtp_host: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9._:-]+$"), "SMTP server, for sending"] = None
    smtp_port: Annotated[Port, "Its port"] = 465
    smtp_security: Annotated[Security, "How that connection is encrypted"] = "tls"
    sender: Annotated[Line | None, "From address of sent mail; the user name where left out"] = None
    timeout_seconds: Annotated[int, Field(ge=1, le=300), "Longest wait for one answer"] = 30
    max_message_mb: Annotated[int, Field(ge=1, le=200), "Largest e-mail that is read, in MB"] = 25
