"""Log in with user names and passwords of any letters: the libraries send only ASCII."""

import base64
import hashlib
import hmac
import imaplib
import smtplib
from collections.abc import Callable

_HINT = "; it has letters beyond ASCII, which were sent as UTF-8: if it is right, choose one with ASCII letters only"


class LoginRefusedError(imaplib.IMAP4.error):
    """An IMAP server refused user name and password."""


def sign_in(client: imaplib.IMAP4, username: str, password: str) -> frozenset[str]:
    """Log in at an IMAP server, and return what the server can do for this user."""
    is_plain = (username + password).isascii() and "LOGINDISABLED" not in client.capabilities
    try:
        if not is_plain and "AUTH=PLAIN" in client.capabilities:
            client.authenticate("PLAIN", lambda _: f"\0{username}\0{password}".encode())
        elif not is_plain and "AUTH=LOGIN" in client.capabilities:
            words = iter((username.encode(), password.encode()))
            client.authenticate("LOGIN", lambda _: next(words))
        else:
            _login(client, username, password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as exc:
        raise LoginRefusedError(f"{exc}{'' if password.isascii() else _HINT}") from None
    told = client.capability()[1]
    return frozenset(b" ".join(item for item in told if item).decode("ascii", "replace").upper().split())


def sign_in_to_send(smtp: smtplib.SMTP, username: str, password: str) -> None:
    """Log in at an SMTP server; it chooses the method."""
    if (username + password).isascii():
        smtp.login(username, password)
        return
    smtp.ehlo_or_helo_if_needed()
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    methods: dict[str, Callable[[], tuple[int, bytes]]] = {
        "PLAIN": lambda: smtp.docmd("AUTH", f"PLAIN {_encode(f'{chr(0)}{username}{chr(0)}{password}')}"),
        "LOGIN": lambda: _ask_twice(smtp, username, password),
        "CRAM-MD5": lambda: _answer_challenge(smtp, username, password),
    }
    method = next((methods[name] for name in methods if name in offered), None)
    if method is None:
        raise smtplib.SMTPNotSupportedError("the server offers no login with user name and password")
    code, reply = method()
    if code not in (235, 503):
        raise smtplib.SMTPAuthenticationError(code, f"{reply.decode(errors='replace')}{_HINT}")


def _login(client: imaplib.IMAP4, username: str, password: str) -> None:
    quoted = [client._quote(word).encode() for word in (username, password)]  # noqa: SLF001 - login() refuses bytes
    status, data = client._simple_command("LOGIN", *quoted)  # noqa: SLF001 - likewise
    if status != "OK":
        raise imaplib.IMAP4.error(data[-1].decode("utf-8", "replace"))
    client.state = "AUTH"


def _ask_twice(smtp: smtplib.SMTP, username: str, password: str) -> tuple[int, bytes]:
    answer = smtp.docmd("AUTH", f"LOGIN {_encode(username)}")
    return smtp.docmd(_encode(password)) if answer[0] == 334 else answer


def _answer_challenge(smtp: smtplib.SMTP, username: str, password: str) -> tuple[int, bytes]:
    code, challenge = smtp.docmd("AUTH", "CRAM-MD5")
    if code != 334:
        return code, challenge
    digest = hmac.new(password.encode(), base64.b64decode(challenge), hashlib.md5).hexdigest()
    return smtp.docmd(_encode(f"{username} {digest}"))


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
