"""Convert errors of mail servers and the network to errors that say who can fix them."""

import imaplib
import re
import smtplib
import ssl

from imap_tools.errors import ImapToolsError, MailboxFolderSelectError

from wren_core import AuthFailed, NotFound, Rejected, Unavailable, UserFacingConfigError, WrenError
from wren_imap.sign_in import LoginRefusedError

LOST = (imaplib.IMAP4.abort, smtplib.SMTPServerDisconnected, OSError)
FAILED = (*LOST, imaplib.IMAP4.error, ImapToolsError, smtplib.SMTPException)
_PASSING, _ABSENT = {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"}, {"NONEXISTENT", "TRYCREATE"}


def was_lost(exc: Exception) -> bool:
    """Return whether the connection is gone; a library also says so of a folder that may not be changed."""
    return isinstance(exc, LOST) and not isinstance(exc, imaplib.IMAP4.readonly)


def verdict(exc: Exception, *, begun: bool) -> WrenError:
    """Return the error for a client's exception; `begun`: a change was in progress and may have been made."""
    message = f"the mail server: {type(exc).__name__}: {' '.join(str(exc).split())}"
    code = (re.findall(r"\[([A-Z]+)", message) or [""])[0]
    reply = max([number for number, _ in getattr(exc, "recipients", {}).values()] or [getattr(exc, "smtp_code", 0)])
    if isinstance(exc, ssl.SSLCertVerificationError):
        return UserFacingConfigError(f"{message}; correct the host or the certificate", code="CERTIFICATE_REFUSED")
    if reply in (530, 534, 535) or (isinstance(exc, LoginRefusedError) and code not in _PASSING):
        return AuthFailed(f"{message}; run `wren connect imap`")
    if isinstance(exc, imaplib.IMAP4.readonly):
        return Rejected(f"{message}; nothing was changed: this folder can only be read", code="READ_ONLY")
    if isinstance(exc, MailboxFolderSelectError) or code in _ABSENT:
        return NotFound(f"{message}; imap.folders() lists the folders")
    if code in _PASSING or 400 <= reply < 500 or (isinstance(exc, LOST) and not reply):
        return Unavailable(message, nothing_done=bool(reply or code) or not begun)
    return Rejected(message)
