"""Parameters of `init(...)` and of the methods."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from wren_core import IntegrationConfig

# A value with a line break could inject a command or a header.
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Security = Literal["tls", "starttls", "plain"]
Id = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+:\d{1,10}:\d{1,10}$"), "The `id` of an Email"]
Folder = Annotated[Line, "Name of the folder, see folders()"]
Phrase = Annotated[Line | None, "Only e-mails with this text there"]
To = Annotated[Line | tuple[Line, ...], "Recipient, or several: 'bob@example.com' or 'Bob <bob@example.com>'"]
Subject = Annotated[Line, "Subject, one line"]
Text = Annotated[str, "Body as plain text"]
Html = Annotated[str | None, "Body as HTML; mail programs that can display it show it instead of the text"]
Files = Annotated[tuple[Path, ...], "Files to attach"]
Place = Annotated[Path, "Folder on this machine; no file is overwritten: a new one gets a number"]


class MailConfig(IntegrationConfig):
    """Settings of one instance."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$"), "IMAP server"]
    port: Annotated[Port, "Its port"] = 993
    security: Annotated[Security, "Encryption of the connection; `plain` means none"] = "tls"
    smtp_host: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9._:-]+$"), "SMTP server, needed for sending"] = None
    smtp_port: Annotated[Port, "Its port"] = 465
    smtp_security: Annotated[Security, "Encryption of the SMTP connection"] = "tls"
    sender: Annotated[Line | None, "From address of sent mail; default: the user name"] = None
    timeout_seconds: Annotated[int, Field(ge=1, le=300), "Time limit for one response, in seconds"] = 30
    max_message_mb: Annotated[int, Field(ge=1, le=200), "Size limit for reading an e-mail, in MB"] = 25
