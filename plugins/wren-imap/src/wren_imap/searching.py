"""Search a folder for any letters, also on servers that only search for ASCII."""

import imaplib
from collections.abc import Iterator
from typing import Any

from imap_tools import AND

from wren_core import Rejected
from wren_core.mail.headers import decode_words
from wren_core.mail.parts import parse
from wren_imap.fetching import HEADERS, Fetched, fetch, search

# How many headers are compared on this machine before the caller is asked for a narrower search.
_MOST_COMPARED = 2000
_HEADERS = {"from_": "from", "to": "to", "subject": "subject"}


def find(client: imaplib.IMAP4, given: dict[str, Any], *, before: int, limit: int) -> list[Fetched]:
    """Return the headers of the newest e-mails that match all conditions, up to the UID `before`."""
    try:
        uids, phrases = search(client, _write(given)), {}
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as exc:
        phrases = {name: value for name, value in given.items() if isinstance(value, str) and not value.isascii()}
        if not phrases:
            raise
        if not phrases.keys() <= _HEADERS.keys():
            step = "search by sender, to or subject, or read the e-mails of a day (since) and compare their text"
            message = f"the mail server searches texts only for ASCII letters ({exc}); {step}"
            raise Rejected(message, code="SEARCH_NEEDS_ASCII") from exc
        uids = search(client, _write({name: value for name, value in given.items() if name not in phrases}))
    newest = sorted((uid for uid in uids if uid < before), reverse=True)
    return list(_filter(client, newest if phrases else newest[:limit], phrases, limit=limit))


def _filter(client: imaplib.IMAP4, uids: list[int], phrases: dict[str, str], *, limit: int) -> Iterator[Fetched]:
    """Fetch headers, newest first, and compare those that the server cannot compare."""
    size = min(limit, 50) if not phrases else 50
    for start in range(0, len(uids), size):
        if start >= _MOST_COMPARED:
            step = "add a condition in ASCII letters, or since"
            raise Rejected(f"more than {_MOST_COMPARED} e-mails would have to be compared; {step}", code="TOO_MANY")
        heads = fetch(client, uids[start : start + size], HEADERS)
        fitting = [heads[uid] for uid in uids[start : start + size] if uid in heads and fits(heads[uid].raw, phrases)]
        yield from fitting[:limit]
        limit -= len(fitting)
        if limit <= 0:
            return


def fits(head: bytes, phrases: dict[str, str]) -> bool:
    """Return whether headers contain all phrases, whatever their case."""
    headers = parse(head).headers
    shown = {name: decode_words(headers.get(_HEADERS[name], "")).casefold() for name in phrases}
    return all(phrase.casefold() in shown[name] for name, phrase in phrases.items())


def _write(given: dict[str, Any]) -> str:
    return str(AND(**given)) if given else "ALL"
