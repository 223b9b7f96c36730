"""A mail server in memory, for tests: it speaks IMAP and SMTP, and stores sent and delivered mail.

Example:
    fake = FakeIMAP()
    with serve(fake) as url:
        imap = IMAP.create(fake.configuration(url), credentials=fake.credentials())
        imap.send("bob@example.com", "Hello", "See you at five.")
    assert fake.sent[0].subject == "Hello"
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, BinaryIO, ClassVar
from urllib.parse import urlsplit

from wren_core.testing import FakeTcpProvider
from wren_imap.fake_imap import ImapSession
from wren_imap.fake_mail import FakeFolder, FakeMail, FakeMessage
from wren_imap.fake_smtp import SmtpSession


class _FakeSMTP(FakeTcpProvider):
    """The SMTP server of the fake."""

    name, scheme = "smtp", "smtp"

    def __init__(self, mail: FakeMail) -> None:
        super().__init__()
        self._mail = mail

    def handle_client(self, stream: BinaryIO) -> None:
        SmtpSession(self._mail, stream).serve()


class FakeIMAP(FakeTcpProvider):
    """The account alice@example.com with two e-mails, and an SMTP server for it.

    Args:
        username: user name and address of the account.
        password: its password.
        extensions: what the IMAP server can do in addition; without UIDPLUS it removes all marked e-mails at once.
        searches_only_ascii: whether the IMAP server refuses to search for other letters.
    """

    name: ClassVar[str] = "imap"
    scheme: ClassVar[str] = "imap"

    def __init__(
        self,
        *,
        username: str = "alice@example.com",
        password: str = "fake-password",  # noqa: S107 - a fake
        extensions: Iterable[str] = ("MOVE", "UIDPLUS"),
        searches_only_ascii: bool = False,
    ) -> None:
        super().__init__()
        folders = {name: FakeFolder() for name in ("INBOX", "Archive", "Sent", "Trash")}
        self._mail = FakeMail(
            username=username,
            password=password,
            folders=folders,
            extensions=set(extensions),
            searches_only_ascii=searches_only_ascii,
            lock=self.lock,
        )
        self.folders = folders
        self.extensions = frozenset(extensions)
        self.sent = self._mail.sent
        """Messages received by SMTP, oldest first."""
        self.refused = self._mail.refused
        """Recipients that the SMTP server refuses: address -> reply, such as `550 no such user`."""
        self._smtp = _FakeSMTP(self._mail)
        self._smtp_port = 25  # set when the fake is served
        self.deliver("Dana <dana@northwind.example>", "Agenda for Thursday", "Item 3 still needs an owner.")
        self.deliver(
            "Harbour <billing@harbour.example>", "Invoice 2041", "Due on Friday.", files={"2041.pdf": b"%PDF-1.4"}
        )

    def configuration(self, url: str) -> dict[str, Any]:
        """Return the configuration with the addresses of both servers."""
        place = urlsplit(url)
        imap = {"host": place.hostname, "port": place.port, "security": "plain"}
        return {**imap, "smtp_host": "127.0.0.1", "smtp_port": self._smtp_port, "smtp_security": "plain"}

    def credentials(self) -> dict[str, str]:
        """Return the user name and password."""
        return {"username": self._mail.username, "password": self._mail.password}

    def example_values(self) -> dict[str, Any]:
        """Return the value of `mail.id` in the examples."""
        return {"mail.id": self.id_of(1)}

    def id_of(self, number: int, folder: str = "INBOX") -> str:
        """Return the id of a message."""
        return f"{folder}:{self.folders[folder].generation}:{number}"

    def deliver(
        self,
        sender: str,
        subject: str,
        text: str,
        *,
        html: str | None = None,
        files: dict[str, bytes] | None = None,
        folder: str = "INBOX",
        raw: bytes | None = None,
    ) -> str:
        """Put a message, built from these values or taken unchanged from `raw`, into a folder; return its id."""
        with self.lock:
            place = self.folders[folder]
            received_at = datetime.now(UTC) - timedelta(hours=max(0, 20 - len(place.messages)))
            if raw is None:
                raw = _write_message(sender, self._mail.username, subject, text, html, files or {}, received_at)
            return self.id_of(place.add(FakeMessage(raw=raw, received_at=received_at)), folder)

    def start(self, *, port: int = 0) -> str:
        """Listen for both protocols, and return the URL of the IMAP server."""
        self._smtp_port = urlsplit(self._smtp.start()).port or 0
        return super().start(port=port)

    def stop(self) -> None:
        """Stop both servers."""
        super().stop()
        self._smtp.stop()

    def drop_next(self, *, times: int = 1) -> None:
        """Drop the connections of the next clients of both servers."""
        super().drop_next(times=times)
        self._smtp.drop_next(times=times)

    def interrupt_next(self, command: str) -> None:
        """Drop the connection in the middle of the next command with this name, such as FETCH or STORE."""
        self._mail.interruptions.append(command)

    def delay_next(self, seconds: float, *, times: int = 1) -> None:
        """Delay the responses to the next clients of both servers."""
        super().delay_next(seconds, times=times)
        self._smtp.delay_next(seconds, times=times)

    def end_faults(self) -> None:
        """Return to normal operation."""
        super().end_faults()
        self._smtp.end_faults()

    def handle_client(self, stream: BinaryIO) -> None:
        """Speak IMAP with one client until it disconnects."""
        ImapSession(self._mail, stream).serve()


def _write_message(
    sender: str, to: str, subject: str, text: str, html: str | None, files: dict[str, bytes], date: datetime
) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Date"] = sender, to, subject, format_datetime(date)
    message["Message-ID"] = f"<{abs(hash((sender, subject, date)))}@fake.example>"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    for name, content in files.items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return bytes(message)
