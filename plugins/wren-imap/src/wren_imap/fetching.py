"""Search a folder and fetch e-mails from it."""

import imaplib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wren_core.mail.dates import read_date

HEADERS, EVERYTHING = "BODY.PEEK[HEADER]", "BODY.PEEK[]"
_AT_ONCE = 50
_QUOTED = re.compile(rb'BODY\[[^]]*\] "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """An e-mail as the server stores it, with its body or only with its headers."""

    uid: str
    flags: frozenset[str]
    size: int
    arrived_at: datetime | None
    raw: bytes = field(repr=False)


def ask(client: imaplib.IMAP4, command: str, *arguments: Any) -> list[str]:
    """Send a command with UIDs, and return the ids of what it copied, if the server reports them."""
    status, data = client.uid(command, *arguments)
    if status != "OK":
        raise imaplib.IMAP4.error(f"{command}: {_text(data)}")
    return (client.response("COPYUID")[1][0] or b"").decode().split()


def search(client: imaplib.IMAP4, criteria: str) -> list[int]:
    """Return the UIDs of the matching e-mails. The charset is named only where it is needed: some servers refuse it."""
    charset = () if criteria.isascii() else ("CHARSET", "UTF-8")
    status, data = client.uid("SEARCH", *charset, criteria.encode())  # type: ignore[arg-type]  # bytes are sent as is
    if status != "OK":
        raise imaplib.IMAP4.error(f"SEARCH: {_text(data)}")
    return [int(uid) for line in data if line for uid in line.split() if uid.isdigit()]


def fetch(client: imaplib.IMAP4, uids: Sequence[int], what: str) -> dict[int, Fetched]:
    """Return e-mails by UID; one that was deleted in the meantime is missing."""
    found: dict[int, Fetched] = {}
    for start in range(0, len(uids), _AT_ONCE):
        asked = ",".join(map(str, uids[start : start + _AT_ONCE]))
        status, data = client.uid("FETCH", asked, f"(UID FLAGS RFC822.SIZE INTERNALDATE {what})")
        if status != "OK":
            raise imaplib.IMAP4.error(f"FETCH: {_text(data)}")
        found |= {int(item.uid): item for item in read_answers(data)}
    return found


def read_answers(data: Sequence[Any]) -> Iterator[Fetched]:
    """Read the answers to FETCH as imaplib returns them; changed flags of other e-mails among them are left out."""
    facts, raw, is_complete = b"", b"", False
    for item in [*data, b"0 ("]:
        head, *literal = item if isinstance(item, tuple) else (item or b"",)
        if re.match(rb"\d+ \(", head):
            if is_complete:
                yield _read_answer(facts, raw)
            facts, raw, is_complete = b"", b"", False
        quoted = _QUOTED.search(head)
        if literal or quoted or b"] NIL" in head:
            raw = literal[0] if literal else re.sub(rb"\\(.)", rb"\1", quoted[1]) if quoted else b""
            is_complete = True
        facts += head + b" "


def _read_answer(facts: bytes, raw: bytes) -> Fetched:
    text = facts.decode("ascii", "replace")

    def find(pattern: str) -> str:
        found = re.search(pattern, text)
        return found[1] if found else ""

    return Fetched(
        uid=find(r"UID (\d+)") or "0",
        flags=frozenset(find(r"FLAGS \(([^)]*)\)").split()),
        size=int(find(r"RFC822\.SIZE (\d+)") or len(raw)),
        arrived_at=read_date(find(r'INTERNALDATE "([^"]*)"')),
        raw=raw,
    )


def _text(data: Sequence[Any]) -> str:
    return " ".join(item.decode(errors="replace") for item in data if isinstance(item, bytes))
