"""The SMTP server of the fake: the session of one client, with the commands for sending."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO

from wren_imap.fake_mail import FakeMail, FakeMessage, SentMessage

_GREETING = "220 fake.example ESMTP"
_ABILITIES = "250-fake.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"


class SmtpSession:
    """The session of one client."""

    def __init__(self, mail: FakeMail, stream: BinaryIO) -> None:
        self._mail, self._stream = mail, stream
        self._known = False
        self._sender = ""
        self._recipients: list[str] = []
        self._answers: dict[str, Callable[[str], str]] = {
            "EHLO": lambda _: _ABILITIES,
            "AUTH": self._auth,
            "MAIL": self._from,
            "RCPT": self._to,
            "DATA": self._data,
            "RSET": lambda _: "250 ok",
        }

    def serve(self) -> None:
        """Answer commands until the client disconnects."""
        self._say(_GREETING)
        for line in self._stream:
            words = line.decode("utf-8", "replace").rstrip("\r\n")
            verb = words.split(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            answer = self._answers.get(verb)
            self._say(answer(words) if answer else "502 not implemented")

    def _auth(self, words: str) -> str:
        _, method, *first = words.split(" ")
        given = self._mail.username, self._mail.password
        if method.upper() == "PLAIN":
            blob = first[0] if first else self._ask("334 ")
            self._known = tuple(base64.b64decode(blob).decode().split("\0")[1:]) == given
        else:
            name = first[0] if first else self._ask("334 VXNlcm5hbWU6")
            word = self._ask("334 UGFzc3dvcmQ6")
            self._known = (base64.b64decode(name).decode(), base64.b64decode(word).decode()) == given
        return "235 welcome" if self._known else "535 5.7.8 wrong user name or password"

    def _from(self, words: str) -> str:
        if not self._known:
            return "530 5.7.0 authentication required"
        self._sender, self._recipients = _address(words), []
        return "250 ok"

    def _to(self, words: str) -> str:
        address = _address(words)
        if address in self._mail.refused:
            return self._mail.refused[address]
        self._recipients.append(address)
        return "250 ok"

    def _data(self, _words: str) -> str:
        self._say("354 go on")
        lines: list[bytes] = []
        for line in self._stream:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b"..") else line)
        raw = b"".join(lines)
        with self._mail.lock:
            self._mail.sent.append(SentMessage(sender=self._sender, recipients=tuple(self._recipients), raw=raw))
            if self._mail.username in self._recipients:
                self._mail.folders["INBOX"].add(FakeMessage(raw=raw, received_at=datetime.now(UTC)))
        return "250 queued"

    def _ask(self, prompt: str) -> str:
        self._say(prompt)
        return self._stream.readline().decode().strip()

    def _say(self, text: str) -> None:
        self._stream.write(text.encode() + b"\r\n")
        self._stream.flush()


def _address(words: str) -> str:
    found = re.search(r"<([^>]*)>", words)
    return found[1] if found else ""
