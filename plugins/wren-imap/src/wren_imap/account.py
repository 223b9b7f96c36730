"""One mail account: ids include the folder's UIDVALIDITY, and a change that was started is never repeated."""

import imaplib
import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessage
from imap_tools.utils import encode_folder

from wren_core import AuthFailed, InvalidInput, NotFound, UserFacingConfigError
from wren_core.files import save
from wren_imap.parameters import MailConfig
from wren_imap.records import Email, SentEmail
from wren_imap.verdicts import FAILED, LOST, verdict

T = TypeVar("T")


class Account:
    """A mailbox, connected on first use, and the SMTP server."""

    def __init__(self, config: MailConfig, *, username: str, password: str) -> None:
        if not (username + password).isascii() or not (username + password).isprintable():
            raise AuthFailed("user name or password contains a character that mail servers do not accept")
        self._config, self._login, self.sender = config, (username, password), config.sender or username
        self._lock = threading.Lock()
        self._box: BaseMailBox | None = None

    def close(self) -> None:
        """Close the connection."""
        box, self._box = self._box, None
        with suppress(*FAILED):
            if box is not None:
                box.client.shutdown()

    def folders(self) -> list[str]:
        """List the folders that can contain messages."""
        found = self._run_in_folder("INBOX", lambda box, _: box.folder.list())
        return [item.name for item in found if "\\Noselect" not in item.flags]

    def search(self, folder: str, given: dict[str, Any], *, older: str | None, limit: int) -> list[Email]:
        """Return the newest matching messages, without their bodies."""
        criteria, end = str(AND(**given)) if given else "ALL", int(older.rpartition(":")[2]) if older else 2**32

        def look(box: BaseMailBox, generation: str) -> list[Email]:
            found = map(int, box.uids(criteria, charset="US-ASCII" if criteria.isascii() else "UTF-8"))
            uids = [str(uid) for uid in sorted(found, reverse=True) if uid < end][:limit]
            mails = box.fetch(uid_list=uids, headers_only=True, mark_seen=False, bulk=50) if uids else ()
            heads = {mail.uid: mail for mail in mails}
            return [Email.from_imap(heads[uid], f"{folder}:{generation}:{uid}") for uid in uids if uid in heads]

        return self._run_in_folder(folder, look)

    def read(self, message_id: str) -> Email:
        """Return a complete message; it stays unread."""
        return Email.from_imap(self._act(message_id, self._fetch), message_id)

    def save(self, message_id: str, folder: Path) -> list[str]:
        """Save the attachments of a message."""
        return [save(folder, item.filename, item.payload) for item in self._act(message_id, self._fetch).attachments]

    def mark(self, message_id: str, *, read: bool) -> None:
        """Mark a message as read or unread."""
        sign = "+" if read else "-"
        self._act(message_id, lambda box, uid: _ask(box, "STORE", uid, f"{sign}FLAGS", "(\\Seen)"), changes=True)

    def move(self, message_id: str, folder: str) -> str | None:
        """Move a message and return its new id, if the server reports it."""
        ids = self._act(message_id, lambda box, uid: _ask(box, "MOVE", uid, encode_folder(folder)), changes=True)
        return f"{folder}:{ids[0]}:{ids[2]}" if ids else None

    def delete(self, message_id: str) -> None:
        """Delete a message permanently, and no other message that is marked as deleted."""
        self._act(message_id, lambda box, uid: _ask(box, "STORE", uid, "+FLAGS", "(\\Deleted)"), changes=True)
        self._act(message_id, lambda box, uid: _ask(box, "EXPUNGE", uid), changes=True)

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
                smtp.login(*self._login)
                begun = True
                refused = smtp.send_message(message)
        except FAILED as exc:
            raise verdict(exc, begun=begun) from exc
        why = {address: f"{code} {reply.decode(errors='replace')}" for address, (code, reply) in refused.items()}
        return SentEmail(message_id=str(message["Message-ID"]), refused=why)

    def _fetch(self, box: BaseMailBox, uid: str) -> MailMessage:
        limit, head = self._config.max_message_mb, next(box.fetch(uid_list=uid, headers_only=True, mark_seen=False))
        if head.size_rfc822 > limit * 1024 * 1024:
            raise InvalidInput(f"the e-mail has {head.size_rfc822:,} bytes, and max_message_mb is {limit}")
        return next(box.fetch(uid_list=uid, mark_seen=False))

    def _act(self, message_id: str, action: Callable[[BaseMailBox, str], T], *, changes: bool = False) -> T:
        folder, known, uid = message_id.rsplit(":", 2)

        def act(box: BaseMailBox, generation: str) -> T:
            if generation != known or not box.uids(f"UID {uid}"):
                raise NotFound(f"the e-mail {message_id!r} does not exist, or its folder was recreated; search for it")
            return action(box, uid)

        return self._run_in_folder(folder, act, changes=changes)

    def _run_in_folder(self, folder: str, action: Callable[[BaseMailBox, str], T], *, changes: bool = False) -> T:
        """Run an action in a folder, once; it gets the mailbox and the folder's UIDVALIDITY."""
        with self._lock:
            was_connected, begun = self._box is not None, False
            try:
                box = self._box = self._box or self._connect()
                box.folder.set(folder, readonly=not changes)
                begun = True
                return action(box, box.client.response("UIDVALIDITY")[1][0].decode())
            except FAILED as exc:
                is_lost = isinstance(exc, LOST)
                if is_lost:
                    self.close()
                if begun or not (is_lost and was_connected):
                    raise verdict(exc, begun=begun and changes) from exc
        return self._run_in_folder(folder, action, changes=changes)  # the idle connection was closed

    def _connect(self) -> BaseMailBox:
        security, where = self._config.security, (self._config.host, self._config.port, self._config.timeout_seconds)
        encrypted = partial(MailBox if security == "tls" else MailBoxStartTls, ssl_context=ssl.create_default_context())
        box: BaseMailBox = MailBoxUnencrypted(*where) if security == "plain" else encrypted(*where)
        try:
            return box.login(*self._login, initial_folder=None)
        except BaseException:
            box.client.shutdown()
            raise


def _ask(box: BaseMailBox, command: str, *arguments: Any) -> list[str]:
    status, data = box.client.uid(command, *arguments)
    if status != "OK":
        raise imaplib.IMAP4.error(f"{command}: {data!r}")
    return (box.client.response("COPYUID")[1][0] or b"").decode().split()
