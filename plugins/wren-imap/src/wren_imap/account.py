"""One IMAP account under Wren's rules: folders are opened for reading unless something changes, an id names the
generation of its folder (UIDVALIDITY), and a connection that was cut is made anew as long as nothing is done twice.
"""

import imaplib
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from imap_tools import AND, BaseMailBox, FolderInfo, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessage
from imap_tools.errors import ImapToolsError
from imap_tools.utils import encode_folder

from wren_core import AuthFailed, InvalidInput, NotFound
from wren_imap.parameters import MailConfig
from wren_imap.verdicts import in_doubt, verdict

T = TypeVar("T")
Action = Callable[[BaseMailBox, str], T]
_LOST = (imaplib.IMAP4.abort, OSError)
_FAILED = (*_LOST, imaplib.IMAP4.error, ImapToolsError)


class Account:
    """A mailbox; it is connected on first use."""

    def __init__(self, config: MailConfig, *, username: str, password: str) -> None:
        if not (username + password).isprintable():
            raise AuthFailed("user name or password holds a control character; run `wren connect imap`")
        self._config, self._username, self._password = config, username, password
        self._lock = threading.Lock()
        self._box: BaseMailBox | None = None

    def close(self) -> None:
        """Leave the server."""
        with self._lock:
            self._drop()

    def folders(self) -> list[FolderInfo]:
        """List the folders."""
        return self._within("INBOX", lambda box, _: box.folder.list())

    def search(self, folder: str, criteria: Mapping[str, Any], *, older: str | None, limit: int) -> dict[str, MailMessage]:
        """Return the newest messages that fit, without their bodies, by id."""
        words = str(AND(**criteria)) if criteria else "ALL"

        def look(box: BaseMailBox, generation: str) -> dict[str, MailMessage]:
            uids = sorted(map(int, box.uids(words, charset="US-ASCII" if words.isascii() else "UTF-8")), reverse=True)
            end = _uid_of(older, folder, generation) if older else None
            wanted = [str(uid) for uid in uids if end is None or uid < int(end)][:limit]
            found = box.fetch(uid_list=wanted, headers_only=True, mark_seen=False, bulk=50) if wanted else ()
            heads = {message.uid: message for message in found}
            return {f"{folder}:{generation}:{uid}": heads[uid] for uid in wanted if uid in heads}

        return self._within(folder, look)

    def message(self, message_id: str, *, whole: bool = True) -> MailMessage:
        """Return a message, or all but its body."""
        limit = self._config.max_message_mb

        def look(box: BaseMailBox, uid: str) -> MailMessage:
            head = next(box.fetch(uid_list=uid, headers_only=True, mark_seen=False))
            if head.size_rfc822 > limit * 1024 * 1024:
                raise InvalidInput(f"the e-mail has {head.size_rfc822:,} bytes, and max_message_mb is {limit}")
            return next(box.fetch(uid_list=uid, mark_seen=False)) if whole else head

        return self._on(message_id, look)

    def flag(self, message_id: str, name: str, *, on: bool) -> None:
        """Set or clear a flag."""
        self._on(message_id, lambda box, uid: _flag(box, uid, name, on=on), changes=True)

    def move(self, message_id: str, folder: str) -> str | None:
        """Move a message and return its new id, where the server tells."""

        def act(box: BaseMailBox, uid: str) -> str | None:
            in_one = "MOVE" in box.client.capabilities
            _ask(box, "MOVE" if in_one else "COPY", uid, encode_folder(folder))
            told = box.client.response("COPYUID")[1][0]
            if not in_one:
                _remove(box, uid)
            return f"{folder}:{told.split()[0].decode()}:{told.split()[2].decode()}" if told else None

        return self._on(message_id, act, changes=True)

    def delete(self, message_id: str) -> None:
        """Remove a message for good."""
        self._on(message_id, _remove, changes=True)

    def _on(self, message_id: str, action: Action[T], *, changes: bool = False) -> T:
        """Do something with one message; the action gets the mailbox and the message's number."""
        folder = message_id.rsplit(":", 2)[0]

        def act(box: BaseMailBox, generation: str) -> T:
            uid = _uid_of(message_id, folder, generation)
            if not box.uids(f"UID {uid}"):
                raise NotFound(f"the e-mail {message_id!r} is not there any more; search for it")
            return action(box, uid)

        return self._within(folder, act, changes=changes)

    def _within(self, folder: str, action: Action[T], *, changes: bool = False) -> T:
        """Do something in a folder; the action gets the mailbox and the folder's generation, and is begun once."""
        begun = False
        with self._lock:
            try:
                box, generation = self._opened(folder, changes=changes)
                begun = True
                return action(box, generation)
            except _FAILED as exc:
                lost = isinstance(exc, _LOST)
                if lost:
                    self._drop()
                raise (in_doubt if lost and begun and changes else verdict)(exc) from exc

    def _opened(self, folder: str, *, changes: bool) -> tuple[BaseMailBox, str]:
        if self._box is not None:
            try:
                return self._box, _select(self._box, folder, changes=changes)
            except _LOST:
                self._drop()  # it was cut while nothing was asked of it
        self._box = self._connected()
        return self._box, _select(self._box, folder, changes=changes)

    def _connected(self) -> BaseMailBox:
        config, box = self._config, MailBoxUnencrypted
        where: dict[str, Any] = {"host": config.host, "port": config.port, "timeout": config.timeout_seconds}
        if config.security != "plain":
            where["ssl_context"] = ssl.create_default_context()
            box = MailBox if config.security == "tls" else MailBoxStartTls
        made = box(**where)
        try:
            login = made.login if (self._username + self._password).isascii() else made.login_utf8
            return login(self._username, self._password, initial_folder=None)
        except BaseException:
            made.client.shutdown()
            raise

    def _drop(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            with suppress(*_FAILED):
                box.logout()


def _select(box: BaseMailBox, folder: str, *, changes: bool) -> str:
    box.folder.set(folder, readonly=not changes)
    return str(box.client.response("UIDVALIDITY")[1][0].decode())


def _uid_of(message_id: str, folder: str, generation: str) -> str:
    if not message_id.startswith(f"{folder}:{generation}:"):
        raise NotFound(f"{message_id!r} is no e-mail of the folder {folder!r} as it is now; search for it")
    return message_id.rpartition(":")[2]


def _flag(box: BaseMailBox, uid: str, name: str, *, on: bool) -> None:
    _ask(box, "STORE", uid, "+FLAGS" if on else "-FLAGS", f"({name})")


def _remove(box: BaseMailBox, uid: str) -> None:
    """Delete a message, and no other one that somebody marked as deleted."""
    _flag(box, uid, "\\Deleted", on=True)
    if "UIDPLUS" in box.client.capabilities:
        _ask(box, "EXPUNGE", uid)
    elif box.uids("DELETED") == [uid]:
        box.expunge()


def _ask(box: BaseMailBox, command: str, *arguments: Any) -> None:
    status, data = box.client.uid(command, *arguments)
    if status != "OK":
        raise imaplib.IMAP4.error(f"{command}: {data!r}")
