"""The state of the fake: mailboxes with mails, labels, drafts, threads and a search over them."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from wren_gmail.fake_mail import Mail

SYSTEM_LABELS = ("INBOX", "SENT", "DRAFT", "UNREAD", "STARRED", "IMPORTANT", "SPAM", "TRASH")
_TERM = re.compile(r'(-?)(?:(\w+):)?("[^"]*"|\([^)]*\)|\S+)')
_DAYS = {"d": 1, "m": 30, "y": 365}


@dataclass(kw_only=True)
class Mailbox:
    """The mailbox of one user."""

    address: str
    mails: dict[str, Mail] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    """Draft id -> mail id."""
    labels: dict[str, str] = field(default_factory=lambda: {name: name for name in SYSTEM_LABELS})
    """Label id -> name."""

    def add(
        self, raw: bytes, labels: list[str], *, thread_id: str | None = None, received_at: datetime | None = None
    ) -> Mail:
        """Store a mail in the given thread, else in the thread of the mails it refers to, else in a new one."""
        identity = secrets.token_hex(8)
        mail = Mail(
            id=identity,
            thread_id=identity,
            raw=raw,
            labels=list(dict.fromkeys(labels)),
            received_at=received_at or datetime.now(UTC),
        )
        mail.thread_id = thread_id or self._thread_of(mail) or identity
        self.mails[identity] = mail
        return mail

    def add_label(self, name: str) -> str:
        """Create a user label and return its id."""
        identity = f"Label_{len(self.labels)}"
        self.labels[identity] = name
        return identity

    def find(self, *, query: str = "", labels: list[str] | None = None) -> list[Mail]:
        """List the matching mails, newest first; spam and trash only if the query names them."""
        asked = {*(labels or ()), *(word[3:].upper() for word in query.split() if word.startswith("in:"))}
        hidden: set[str] = set() if "ANYWHERE" in asked else {"SPAM", "TRASH"} - asked
        tests = [self._test(*found) for found in _TERM.findall(query)]
        found = [
            mail
            for mail in self.mails.values()
            if not hidden.intersection(mail.labels)
            and set(labels or ()) <= set(mail.labels)
            and all(test(mail) for test in tests)
        ]
        return sorted(found, key=lambda mail: mail.received_at, reverse=True)

    def thread(self, thread_id: str) -> list[Mail]:
        """List the mails of a thread, oldest first."""
        found = [mail for mail in self.mails.values() if mail.thread_id == thread_id]
        return sorted(found, key=lambda mail: mail.received_at)

    def _thread_of(self, mail: Mail) -> str | None:
        referred = f"{mail.header('in-reply-to')} {mail.header('references')}".split()
        known = {other.header("message-id"): other.thread_id for other in self.mails.values()}
        return next((known[identity] for identity in referred if identity in known), None)

    def _test(self, minus: str, operator: str, value: str) -> Callable[[Mail], bool]:
        test = self._positive_test(operator.lower(), value.strip('"()').lower(), phrase=value.startswith('"'))
        return (lambda mail: not test(mail)) if minus else test

    def _positive_test(self, operator: str, wanted: str, *, phrase: bool) -> Callable[[Mail], bool]:
        words = [wanted] if phrase else wanted.split()
        if operator in ("from", "to", "cc", "subject"):
            return lambda mail: all(word in mail.header(operator).lower() for word in words)
        if operator in ("in", "is", "label"):
            return lambda mail: self._has_label(mail, wanted)
        if operator == "has" and wanted == "attachment":
            return lambda mail: bool(mail.attachments)
        if operator in ("after", "before", "newer_than", "older_than"):
            instant = _instant(operator, wanted)
            newer = operator in ("after", "newer_than")
            return lambda mail: (mail.received_at > instant) == newer
        whole = f"{operator}:{wanted}" if operator else wanted
        return lambda mail: whole in f"{mail.subject} {mail.text} {mail.sender} {mail.to}".lower()

    def _has_label(self, mail: Mail, wanted: str) -> bool:
        if wanted == "anywhere":
            return True
        if wanted == "read":
            return "UNREAD" not in mail.labels
        names = {self.labels.get(label, label).lower().replace(" ", "-") for label in mail.labels}
        return wanted.replace(" ", "-") in names


def _instant(operator: str, wanted: str) -> datetime:
    if operator in ("newer_than", "older_than"):
        return datetime.now(UTC) - timedelta(days=int(wanted[:-1]) * _DAYS[wanted[-1]])
    if wanted.isdigit():
        return datetime.fromtimestamp(int(wanted), UTC)
    return datetime.strptime(wanted.replace("-", "/"), "%Y/%m/%d").replace(tzinfo=UTC)
