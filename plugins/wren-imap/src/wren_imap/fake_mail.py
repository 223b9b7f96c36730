"""The state that both servers of the fake share: folders with messages, and sent messages."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from typing import Any

_GENERATIONS = count(17)


@dataclass(kw_only=True)
class FakeMessage:
    """A message in a folder."""

    raw: bytes
    received_at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class FakeFolder:
    """A folder: its UIDVALIDITY, and its messages by number."""

    generation: int = field(default_factory=lambda: next(_GENERATIONS))
    messages: dict[int, FakeMessage] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    def add(self, message: FakeMessage) -> int:
        """Put a message into the folder and return its number."""
        number = int(next(self.numbers))
        self.messages[number] = message
        return number


@dataclass(frozen=True, kw_only=True)
class SentMessage:
    """A message received by SMTP."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The parsed message."""
        return message_from_bytes(self.raw, policy=default)

    @property
    def subject(self) -> str:
        """The subject."""
        return str(self.message["Subject"])


@dataclass(kw_only=True)
class FakeMail:
    """The account with all its folders and messages."""

    username: str
    password: str
    folders: dict[str, FakeFolder] = field(default_factory=dict)
    sent: list[SentMessage] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    interruptions: list[str] = field(default_factory=list)
    """IMAP commands in the middle of which the fake drops the connection, once each."""
    extensions: set[str] = field(default_factory=lambda: {"MOVE", "UIDPLUS"})
    searches_only_ascii: bool = False
    lock: Any = field(default_factory=threading.RLock)
