"""From arguments to a message, and on to an SMTP server, once."""

import base64
import mimetypes
import re
import smtplib
import ssl
from collections.abc import Iterable, Mapping
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

from wren_core import InvalidInput, UserFacingConfigError
from wren_core.files import open_to_read
from wren_imap.incoming import plain
from wren_imap.parameters import MailConfig
from wren_imap.records import Email, SentEmail
from wren_imap.verdicts import FAILED, verdict

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
# Long lines, because the library would fold a long Message-ID into what no reader takes for one.
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=990)


def compose(
    people: Mapping[str, str | Iterable[str]], subject: str, text: str, html: str | None, files: Iterable[Path]
) -> EmailMessage:
    """Return a message from and to these people, by header."""
    message = EmailMessage(policy=_POLICY)
    message["Subject"], message["Date"] = subject, formatdate()
    for name, values in people.items():
        line = values if isinstance(values, str) else ", ".join(values)
        if line or name == "To":
            try:
                message[name] = line
                found = () if message[name].defects else message[name].addresses
            except (MessageError, IndexError):  # the library's parser stumbles over some of what is none
                found = ()
            if not found or not all(item.username and item.domain for item in found):
                raise InvalidInput(f"{name}: {line!r} is no e-mail address; write 'Bob <bob@example.com>'")
    message["Message-ID"] = make_msgid(domain=message["From"].addresses[0].domain)
    message.set_content(text or plain(html or ""))
    if html:
        message.add_alternative(html, subtype="html")
    for path in files:
        maintype, _, subtype = (mimetypes.guess_type(path.name)[0] or "application/octet-stream").partition("/")
        with open_to_read(path, pointer="/attachments") as file:
            message.add_attachment(file.read(), maintype=maintype, subtype=subtype, filename=path.name)
    return message


def answer(message: EmailMessage, original: Email) -> None:
    """Make a message the reply to another one."""
    chain = _MESSAGE_ID.findall(f"{original.references} {original.message_id}")
    message["In-Reply-To"], message["References"] = " ".join(chain[-1:]), " ".join([*chain[:1], *chain[1:][-20:]])


def send(message: EmailMessage, config: MailConfig, *, username: str, password: str) -> SentEmail:
    """Hand a message to the SMTP server."""
    begun, context = False, ssl.create_default_context()
    try:
        with _connected(config, context) as smtp:
            if config.smtp_security == "starttls":
                smtp.starttls(context=context)
            _log_in(smtp, username, password)
            begun = True
            refused = smtp.send_message(message)
    except FAILED as exc:
        raise verdict(exc, begun=begun) from exc
    why = {address: f"{code} {said.decode(errors='replace')}" for address, (code, said) in refused.items()}
    return SentEmail(message_id=str(message["Message-ID"]), refused=why)


def _connected(config: MailConfig, context: ssl.SSLContext) -> smtplib.SMTP:
    if config.smtp_host is None:
        raise UserFacingConfigError("nothing can be sent: set smtp_host in the connection's configuration")
    # With a name of our own, because the library would ask the network for this machine's.
    where: dict[str, Any] = {"host": config.smtp_host, "port": config.smtp_port, "local_hostname": "[127.0.0.1]"}
    where["timeout"] = config.timeout_seconds
    return smtplib.SMTP_SSL(**where, context=context) if config.smtp_security == "tls" else smtplib.SMTP(**where)


def _log_in(smtp: smtplib.SMTP, username: str, password: str) -> None:
    smtp.ehlo_or_helo_if_needed()
    if (username + password).isascii():
        smtp.login(username, password)
        return
    words = base64.b64encode(f"\0{username}\0{password}".encode()).decode()  # the library's own way takes ASCII only
    reply, said = smtp.docmd("AUTH", f"PLAIN {words}")
    if reply != 235:
        raise smtplib.SMTPAuthenticationError(reply, said)
