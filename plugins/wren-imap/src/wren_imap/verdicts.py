"""From what mail servers and the network refuse to the error that says who can fix it."""

import imaplib
import re
import smtplib
import ssl

from imap_tools.errors import MailboxFolderSelectError, MailboxLoginError

from wren_core import AuthFailed, NotFound, Rejected, Unavailable, UserFacingConfigError, WrenError

# Response codes of RFC 5530.
_PASSING = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})
_ABSENT = frozenset({"NONEXISTENT", "TRYCREATE"})


def verdict(exc: Exception) -> WrenError:
    """Return the error for what a client raised."""
    said = " ".join(str(exc).split())
    code = (re.findall(r"\[([A-Z-]+)", said) or [""])[0]
    if isinstance(exc, ssl.SSLCertVerificationError):
        text = f"the mail server's certificate is not trusted: {exc.verify_message}; correct host or certificate"
        return UserFacingConfigError(text, code="CERTIFICATE_REFUSED")
    if isinstance(exc, smtplib.SMTPRecipientsRefused):
        return _by_reply(max(reply for reply, _ in exc.recipients.values()), f"every recipient was refused: {said}")
    if isinstance(exc, smtplib.SMTPResponseException):
        return _by_reply(exc.smtp_code, f"the mail server refused: {said}")
    if isinstance(exc, OSError | imaplib.IMAP4.abort) or code in _PASSING:
        return Unavailable(f"the mail server could not be reached: {type(exc).__name__}: {said}")
    if isinstance(exc, MailboxLoginError):
        return AuthFailed(f"the mail server refused the login: {said}; run `wren connect imap`")
    if isinstance(exc, MailboxFolderSelectError) or code in _ABSENT:
        return NotFound(f"there is no such folder: {said}; imap.folders() lists them")
    return Rejected(f"the mail server refused: {said}")


def in_doubt(exc: Exception) -> Unavailable:
    """Return the error for a change during which the connection broke."""
    error = Unavailable(f"the connection broke during a change, which may have been made: look first ({exc})")
    error.can_retry = False
    return error


def _by_reply(reply: int, message: str) -> WrenError:
    if reply in (530, 534, 535):
        return AuthFailed(f"{message}; run `wren connect imap`")
    return (Unavailable if reply < 500 else Rejected)(message)
