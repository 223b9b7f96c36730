"""One IMAP account under Wren's rules: folders are opened for reading unless something changes, ids name the folder's
generation (UIDVALIDITY), and a connection that was cut is made anew as long as nothing is done twice.
"""

import imaplib
import re
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessage
from imap_tools.utils import encode_folder

from wren_core import NotFound, Unavailable
from wren_imap.parameters import MailConfig
from wren_imap.verdicts import verdict

T = TypeVar("T")
_LOST = (imaplib.IMAP4.abort, ConnectionError, ssl.SSLEOFError, TimeoutError)
_BATCH = 50


class Account:
    """A mailbox; it is connected on first use."""

    def __init__(self, config: MailConfig, *, username: str, password: str) -> None:
        self._config, self._username, self._password = config, username, password
        self._lock = threading.Lock()
        self._box: BaseMailBox | None = None

    def close(self) -> None:
        """Leave the server."""
        with self._lock:
            self._drop()

    def look(self, folder: str | None, action: Callable[[BaseMailBox, str], T]) -> T:
        """Do what changes nothing, with a folder opened for reading; the action gets its generation."""
        return self._perform(folder, action, changes=False)

    def change(self, folder: str | None, action: Callable[[BaseMailBox, str], T]) -> T:
        """Do what changes something; it is begun once."""
        return self._perform(folder, action, changes=True)

    def _perform(self, folder: str | None, action: Callable[[BaseMailBox, str], T], *, changes: bool) -> T:
        with self._lock:
            try:
                return self._try(folder, action, changes=changes)
            except Exception as exc:
                raise verdict(exc) from exc
    
    def _drop(self) -> None:
        pass
