"""One mail account: ids include the folder's UIDVALIDITY, and a change that was started is never repeated."""

import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from imaplib import IMAP4
from pathlib import Path
from typing import Any, TypeVar

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from wren_core import AuthFailed, InvalidInput, NotFound, UserFacingConfigError
from wren_core.files import save
from wren_core.mail.parts import parse
from wren_core.mail.reading import list_files
from wren_imap import removal
from wren_imap.fetching import EVERYTHING, HEADERS, Fetched, ask, fetch, search
from wren_imap.parameters import MailConfig
from wren_imap.records import Email, SentEmail
from wren_imap.searching import find
from wren_imap.sign_in import sign_in, sign_in_to_send
from wren_imap.verdicts import FAILED, verdict, was_lost

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class _Session:
    """A connection, and what the server can do."""

    box: BaseMailBox
    abilities: frozenset[str]

    @property
    def client(self) -> IMAP4:
        return self.box.client


class Account:
    """A mailbox, connected on first use, and the SMTP server."""

    def __init__(self, config: MailConfig, *, username: str, password: str) -> None:
        if not (username + password).isprintable():
            raise AuthFailed("user name or password contains a control character; run `wren connect imap`")
        self._config, self._login, self.sender = config, (username, password), config.sender or username
        self._lock = threading.Lock()
        self._session: _Session | None = None

    def close(self) -> None:
        """Close the connection."""
        session, self._session = self._session, None
        with suppress(*FAILED):
            if session is not None:
                session.client.shutdown()

    def folders(self) -> list[str]:
        """List the folders that can contain messages."""
        found = self._run_in_folder("INBOX", lambda session, _: session.box.folder.list())
        return [item.name for item in found if "\\Noselect" not in item.flags]

    def search(self, folder: str, given: dict[str, Any], *, older: str | None, limit: int) -> list[Email]:
        """Return the newest matching messages, without their bodies."""
        end = int(older.rpartition(":")[2]) if older else 2**32

        def look(session: _Session, generation: str) -> list[Email]:
            heads = find(session.client, given, before=end, limit=limit)
            return [Email.from_server(head, f"{folder}:{generation}:{head.uid}", only_headers=True) for head in heads]

        return self._run_in_folder(folder, look)

    def read(self, message_id: str) -> Email:
        """Return a complete message; it stays unread."""
        return Email.from_server(self._act(message_id, self._fetch), message_id)

    def save(self, message_id: str, folder: Path) -> list[str]:
        """Save the attachments of a message."""
        files = list_files(parse(self._act(message_id, self._fetch).raw))
        return [save(folder, file.name, file.part.content) for file in files]

    def mark(self, message_id: str, *, read: bool) -> None:
        """Mark a message as read or unread."""
        sign = "+" if read else "-"
        self._act(message_id, lambda it, uid: ask(it.client, "STORE", uid, f"{sign}FLAGS", "(\\Seen)"), changes=True)

    def move(self, message_id: str, folder: str) -> str | None:
        """Move a message and return its new id, if the server reports it."""

        def act(session: _Session, uid: str) -> list[str]:
            return removal.move(session.client, session.abilities, uid, folder)

        ids = self._act(message_id, act, changes=True)
        return f"{folder}:{ids[0]}:{ids[2]}" if len(ids) == 3 else None

    def delete(self, message_id: str) -> None:
        """Delete a message permanently, and no other message that is marked as deleted."""
        self._act(message_id, lambda it, uid: removal.delete(it.client, it.abilities, uid), changes=True)

    def send(self, message: EmailMessage) -> SentEmail:
        """Send a message to the SMTP server, once."""
        config, context, begun = self._config, ssl.create_default_context(), False
        if config.smtp_host is None:
            raise UserFacingConfigError("sending needs an SMTP server: set smtp_host in the connection's configuration")
        encrypted = partial(smtplib.SMTP_SSL, context=context)
        kind: Callable[..., smtplib.SMTP] = encrypted if config.smtp_security == "tls" else smtplib.SMTP
        try:
            # With a fixed name, because the library would look up the name of this machine in the network.
            with kind(config.smtp_host, config.smtp_port, "[127.0.0.1]", timeout=config.timeout_seconds) as smtp:
                if config.smtp_security == "starttls":
                    smtp.starttls(context=context)
                sign_in_to_send(smtp, *self._login)
                begun = True
                refused = smtp.send_message(message)
        except FAILED as exc:
            raise verdict(exc, begun=begun) from exc
        why = {address: f"{code} {reply.decode(errors='replace')}" for address, (code, reply) in refused.items()}
        return SentEmail(message_id=str(message["Message-ID"]), refused=why)

    def _fetch(self, session: _Session, uid: str) -> Fetched:
        limit, number = self._config.max_message_mb, int(uid)
        head = fetch(session.client, [number], HEADERS).get(number)
        if head and head.size > limit * 1024 * 1024:
            raise InvalidInput(f"the e-mail has {head.size:,} bytes, and max_message_mb is {limit}")
        found = fetch(session.client, [number], EVERYTHING).get(number)
        if found is None:
            raise NotFound("the e-mail was deleted while it was read; search for it")
        return found

    def _act(self, message_id: str, action: Callable[[_Session, str], T], *, changes: bool = False) -> T:
        folder, known, uid = message_id.rsplit(":", 2)

        def act(session: _Session, generation: str) -> T:
            if generation != known or not search(session.client, f"UID {uid}"):
                raise NotFound(f"the e-mail {message_id!r} does not exist, or its folder was recreated; search for it")
            return action(session, uid)

        return self._run_in_folder(folder, act, changes=changes)

    def _run_in_folder(self, folder: str, action: Callable[[_Session, str], T], *, changes: bool = False) -> T:
        """Run an action in a folder, once; it gets the session and the folder's UIDVALIDITY."""
        with self._lock:
            was_connected, begun = self._session is not None, False
            try:
                session = self._session = self._session or self._connect()
                session.box.folder.set(folder, readonly=not changes)
                begun = True
                return action(session, (session.client.response("UIDVALIDITY")[1][0] or b"0").decode())
            except FAILED as exc:
                if was_lost(exc):
                    self.close()
                if begun or not (was_lost(exc) and was_connected):
                    raise verdict(exc, begun=begun and changes) from exc
        return self._run_in_folder(folder, action, changes=changes)  # the idle connection was closed

    def _connect(self) -> _Session:
        security, where = self._config.security, (self._config.host, self._config.port, self._config.timeout_seconds)
        encrypted = partial(MailBox if security == "tls" else MailBoxStartTls, ssl_context=ssl.create_default_context())
        box: BaseMailBox = MailBoxUnencrypted(*where) if security == "plain" else encrypted(*where)
        try:
            return _Session(box=box, abilities=sign_in(box.client, *self._login))
        except BaseException:
            box.client.shutdown()
            raise
