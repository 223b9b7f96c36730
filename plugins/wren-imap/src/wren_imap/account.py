"""One IMAP account under Wren's rules: folders are opened for reading unless something changes, an id names the
generation of its folder (UIDVALIDITY), and a connection that was cut is made anew while nothing is done twice.
"""

import imaplib
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessage
from imap_tools.utils import encode_folder

from wren_core import AuthFailed, InvalidInput, NotFound
from wren_core.files import open_new
from wren_imap.incoming import email_of
from wren_imap.parameters import MailConfig
from wren_imap.records import Email
from wren_imap.verdicts import FAILED, LOST, verdict

T = TypeVar("T")
Action = Callable[[BaseMailBox, str], T]


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
        with suppress(*FAILED):
            if self._box is not None:
                self._box.logout()
        self._drop()

    def folders(self) -> list[str]:
        """List the folders that hold messages."""
        found = self._within("INBOX", lambda box, _: box.folder.list())
        return [item.name for item in found if "\\Noselect" not in item.flags]

    def search(self, folder: str, given: dict[str, Any], *, older: str | None, limit: int) -> list[Email]:
        """Return the newest messages that fit, without their bodies."""
        criteria = str(AND(**given)) if given else "ALL"

        def look(box: BaseMailBox, generation: str) -> list[Email]:
            charset = "US-ASCII" if criteria.isascii() else "UTF-8"
            end = _number_of(older, folder, generation) if older else 2**32
            newest = sorted((uid for uid in map(int, box.uids(criteria, charset=charset)) if uid < end), reverse=True)
            wanted = [str(uid) for uid in newest[:limit]]
            found = box.fetch(uid_list=wanted, headers_only=True, mark_seen=False, bulk=50) if wanted else ()
            heads = {message.uid: message for message in found}
            return [email_of(heads[uid], f"{folder}:{generation}:{uid}") for uid in wanted if uid in heads]

        return self._within(folder, look)

    def read(self, message_id: str) -> Email:
        """Return a whole message; it stays unread."""
        return email_of(self._on(message_id, self._whole), message_id)

    def save(self, message_id: str, folder: Path) -> list[str]:
        """Save the files of a message."""
        saved = []
        for item in self._on(message_id, self._whole).attachments:
            with open_new(folder, item.filename) as file:
                file.write(item.payload)
            saved.append(file.name)
        return saved

    def mark(self, message_id: str, *, read: bool) -> None:
        """Mark a message as read or unread."""
        how = "+FLAGS" if read else "-FLAGS"
        self._on(message_id, lambda box, uid: _ask(box, "STORE", uid, how, "(\\Seen)"), changes=True)

    def move(self, message_id: str, folder: str) -> str | None:
        """Move a message and return its new id, where the server tells."""

        def act(box: BaseMailBox, uid: str) -> str | None:
            _ask(box, "MOVE", uid, encode_folder(folder))
            told = (box.client.response("COPYUID")[1][0] or b"").decode().split()
            return f"{folder}:{told[0]}:{told[2]}" if told else None

        return self._on(message_id, act, changes=True)

    def delete(self, message_id: str) -> None:
        """Remove a message for good, and no other one that somebody marked as deleted."""

        def act(box: BaseMailBox, uid: str) -> None:
            _ask(box, "STORE", uid, "+FLAGS", "(\\Deleted)")
            _ask(box, "EXPUNGE", uid)

        self._on(message_id, act, changes=True)

    def _whole(self, box: BaseMailBox, uid: str) -> MailMessage:
        limit, head = self._config.max_message_mb, next(box.fetch(uid_list=uid, headers_only=True, mark_seen=False))
        if head.size_rfc822 > limit * 1024 * 1024:
            raise InvalidInput(f"the e-mail has {head.size_rfc822:,} bytes, and max_message_mb is {limit}")
        return next(box.fetch(uid_list=uid, mark_seen=False))

    def _on(self, message_id: str, action: Action[T], *, changes: bool = False) -> T:
        """Do something with one message; the action gets the mailbox and the message's number."""
        folder = message_id.rsplit(":", 2)[0]

        def act(box: BaseMailBox, generation: str) -> T:
            uid = str(_number_of(message_id, folder, generation))
            if not box.uids(f"UID {uid}"):
                raise NotFound(f"the e-mail {message_id!r} is not there any more; search for it")
            return action(box, uid)

        return self._within(folder, act, changes=changes)

    def _within(self, folder: str, action: Action[T], *, changes: bool = False) -> T:
        """Do something in a folder, once; the action gets the mailbox and the folder's generation."""
        begun = False
        with self._lock:
            try:
                box, generation = self._opened(folder, changes=changes)
                begun = changes
                return action(box, generation)
            except FAILED as exc:
                if isinstance(exc, LOST):
                    self._drop()
                raise verdict(exc, begun=begun) from exc

    def _opened(self, folder: str, *, changes: bool) -> tuple[BaseMailBox, str]:
        was_connected = self._box is not None
        box = self._box = self._box or self._connected()
        try:
            box.folder.set(folder, readonly=not changes)
        except LOST:
            self._drop()
            if not was_connected:
                raise
            return self._opened(folder, changes=changes)  # it was cut while nothing was asked of it
        return box, box.client.response("UIDVALIDITY")[1][0].decode()

    def _drop(self) -> None:
        box, self._box = self._box, None
        with suppress(*FAILED):
            if box is not None:
                box.client.shutdown()

    def _connected(self) -> BaseMailBox:
        where = (self._config.host, self._config.port, self._config.timeout_seconds)
        tls, security = ssl.create_default_context(), self._config.security
        kind = MailBox if security == "tls" else MailBoxStartTls
        box = MailBoxUnencrypted(*where) if security == "plain" else kind(*where, ssl_context=tls)
        try:
            login = box.login if (self._username + self._password).isascii() else box.login_utf8
            return login(self._username, self._password, initial_folder=None)
        except BaseException:
            box.client.shutdown()
            raise


def _number_of(message_id: str, folder: str, generation: str) -> int:
    if not message_id.startswith(f"{folder}:{generation}:"):
        raise NotFound(f"{message_id!r} is no e-mail of the folder {folder!r} as it is now; search for it")
    return int(message_id.rpartition(":")[2])


def _ask(box: BaseMailBox, command: str, *arguments: Any) -> None:
    status, data = box.client.uid(command, *arguments)
    if status != "OK":
        raise imaplib.IMAP4.error(f"{command}: {data!r}")
