"""The IMAP server of the fake: the session of one client, with the commands that the integration uses."""

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from email import message_from_bytes
from email.policy import default
from typing import BinaryIO

from wren_imap.fake_mail import FakeFolder, FakeMail, FakeMessage

_ABILITIES = "CAPABILITY IMAP4rev1 AUTH=PLAIN"
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([()])|([^\s()"]+)')


class _RefusedError(Exception):
    """A command failed; the response is NO or BAD."""


class ImapSession:
    """The session of one client."""

    def __init__(self, mail: FakeMail, stream: BinaryIO) -> None:
        self._mail, self._stream = mail, stream
        self._known = False
        self._folder: FakeFolder | None = None
        self._tag = ""
        self._answers: dict[str, Callable[[list[str]], str]] = {
            "CAPABILITY": self._capability,
            "NOOP": lambda _: "done",
            "LOGIN": lambda words: self._login(words[0], words[1]),
            "AUTHENTICATE": self._authenticate,
            "LIST": self._list,
            "SELECT": self._select,
            "EXAMINE": self._select,
            "SEARCH": self._search,
            "FETCH": self._fetch,
            "STORE": self._store,
            "COPY": self._copy,
            "MOVE": self._move,
            "EXPUNGE": self._expunge,
        }

    def serve(self) -> None:
        """Answer commands until the client disconnects."""
        self._say("* OK fake.example ready")
        for line in self._stream:
            self._tag, _, rest = line.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
            verb, *words = _words(rest)
            if verb.upper() == "LOGOUT":
                self._say("* BYE", f"{self._tag} OK bye")
                return
            if verb.upper() == "UID":
                verb, *words = words
            self._say(f"{self._tag} {self._run_command(verb.upper(), words)}")

    def _run_command(self, verb: str, words: list[str]) -> str:
        answer = self._answers.get(verb)
        if answer is None:
            return f"BAD {verb} is not implemented"
        if not self._known and verb not in ("CAPABILITY", "NOOP", "LOGIN", "AUTHENTICATE"):
            return "BAD log in first"
        if verb in self._mail.interruptions:
            self._mail.interruptions.remove(verb)
            raise EOFError
        try:
            with self._mail.lock:
                return f"OK {answer(words)}"
        except _RefusedError as exc:
            return f"NO {exc}"

    def _capability(self, _words: list[str]) -> str:
        self._say(f"* {self._list_abilities()}")
        return "done"

    def _login(self, username: str, password: str) -> str:
        if (username, password) != (self._mail.username, self._mail.password):
            raise _RefusedError("[AUTHENTICATIONFAILED] wrong user name or password")
        self._known = True
        return f"[{self._list_abilities()}] welcome"

    def _list_abilities(self) -> str:
        return " ".join([_ABILITIES, *sorted(self._mail.extensions)])

    def _authenticate(self, _words: list[str]) -> str:
        self._say("+ ")
        _, username, password = base64.b64decode(self._stream.readline()).decode().split("\0")
        return self._login(username, password)

    def _list(self, _words: list[str]) -> str:
        self._say(*(f'* LIST (\\HasNoChildren) "/" "{name}"' for name in self._mail.folders))
        return "done"

    def _select(self, words: list[str]) -> str:
        folder = self._folder = self._find_folder(words[0])
        self._say(f"* {len(folder.messages)} EXISTS", f"* OK [UIDVALIDITY {folder.generation}] generation")
        return "selected"

    def _search(self, words: list[str]) -> str:
        criteria = words[2:] if words[0].upper() == "CHARSET" else words
        if self._mail.searches_only_ascii and criteria is not words:
            raise _RefusedError("[BADCHARSET (US-ASCII)] unknown charset")
        found = [
            str(number) for number, item in self._selected_folder().messages.items() if _fits(number, item, criteria)
        ]
        self._say(f"* SEARCH {' '.join(found)}".rstrip())
        return "done"

    def _fetch(self, words: list[str]) -> str:
        folder, heads = self._selected_folder(), "HEADER" in words[1:][2] if len(words) > 3 else False
        for number in self._numbers(words[0]):
            item = folder.messages[number]
            body = item.raw.partition(b"\n\n")[0] + b"\n\n" if heads else item.raw
            place = list(folder.messages).index(number) + 1
            part = "BODY[HEADER]" if heads else "BODY[]"
            flags = " ".join(sorted(item.flags))
            arrival = f'INTERNALDATE "{item.received_at:%d-%b-%Y %H:%M:%S %z}"'
            size = f"RFC822.SIZE {len(item.raw)}"
            facts = f"* {place} FETCH (UID {number} FLAGS ({flags}) {size} {arrival} {part} {{{len(body)}}}"
            self._stream.write(facts.encode() + b"\r\n" + body + b")\r\n")
        return "done"

    def _store(self, words: list[str]) -> str:
        flags = {word for word in words[2:] if word not in "()"}
        for number in self._numbers(words[0]):
            item = self._selected_folder().messages[number]
            item.flags = item.flags | flags if words[1].startswith("+") else item.flags - flags
        return "done"

    def _move(self, words: list[str]) -> str:
        self._need("MOVE")
        done, folder = self._copy(words), self._selected_folder()
        for number in self._numbers(words[0]):
            del folder.messages[number]
        return done

    def _copy(self, words: list[str]) -> str:
        target, folder = self._find_folder(words[1]), self._selected_folder()
        placed = [str(target.add(replace(folder.messages[number]))) for number in self._numbers(words[0])]
        code = f"[COPYUID {target.generation} {words[0]} {','.join(placed)}]"
        return f"{code} done" if "UIDPLUS" in self._mail.extensions else "done"

    def _expunge(self, words: list[str]) -> str:
        folder = self._selected_folder()
        if words:
            self._need("UIDPLUS")
        for number in self._numbers(words[0]) if words else list(folder.messages):
            if "\\Deleted" in folder.messages[number].flags:
                del folder.messages[number]
        return "done"

    def _need(self, extension: str) -> None:
        if extension not in self._mail.extensions:
            raise _RefusedError(f"{extension} is not supported")

    def _find_folder(self, name: str) -> FakeFolder:
        if name not in self._mail.folders:
            raise _RefusedError(f"[NONEXISTENT] no folder {name}")
        return self._mail.folders[name]

    def _selected_folder(self) -> FakeFolder:
        if self._folder is None:
            raise _RefusedError("no folder is selected")
        return self._folder

    def _numbers(self, listed: str) -> list[int]:
        return [number for number in map(int, listed.split(",")) if number in self._selected_folder().messages]

    def _say(self, *lines: str) -> None:
        self._stream.write("".join(f"{line}\r\n" for line in lines).encode())
        self._stream.flush()


def _words(text: str) -> list[str]:
    found = _WORD.finditer(text)
    return [re.sub(r"\\(.)", r"\1", item[1]) if item[1] is not None else item[2] or item[3] for item in found]


def _fits(number: int, item: FakeMessage, criteria: Iterable[str]) -> bool:
    words = iter(word for word in criteria if word not in "()")
    message = message_from_bytes(item.raw, policy=default)
    plain = {"ALL": True, "UNSEEN": "\\Seen" not in item.flags, "DELETED": "\\Deleted" in item.flags}
    for word in words:
        if word.upper() in plain:
            fits = plain[word.upper()]
        elif word.upper() == "UID":
            fits = str(number) == next(words)
        elif word.upper() in ("SINCE", "BEFORE"):
            day = datetime.strptime(next(words), "%d-%b-%Y").date()
            fits = _is_since(item, day) if word.upper() == "SINCE" else not _is_since(item, day)
        elif word.upper() == "TEXT":
            fits = next(words).lower() in item.raw.decode("utf-8", "replace").lower()
        else:
            fits = next(words).lower() in str(message.get(word, "")).lower()
        if not fits:
            return False
    return True


def _is_since(item: FakeMessage, day: date) -> bool:
    return item.received_at.date() >= day
