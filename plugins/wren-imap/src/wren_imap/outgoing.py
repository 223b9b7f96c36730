"""From arguments to a message, and on to an SMTP server, once."""

import mimetypes
import re
import smtplib
import ssl
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

from wren_core import InvalidInput, UserFacingConfigError
from wren_imap.incoming import plain
from wren_imap.parameters import MailConfig
from wren_imap.records import Email, SentEmail
from wren_imap.verdicts import in_doubt, verdict

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
# Long lines, because the library would fold a long Message-ID into what no reader takes for one.
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=990)


def compose(
    people: Mapping[str, str | Iterable[str]],
    subject: str,
    text: str,
    html: str | None,
    attachments: Iterable[Path],
    answers: Email | None = None,
) -> EmailMessage:
    """Return a message from and to these people, by header; `answers` is what it replies to."""
    message = EmailMessage(policy=_POLICY)
    message["Subject"], message["Date"] = subject, formatdate()
    for name, values in people.items():
        line = values if isinstance(values, str) else ", ".join(values)
        if line:
            message[name] = line
            if message[name].defects or not all(item.username and item.domain for item in message[name].addresses):
                raise InvalidInput(f"{name}: {line!r} is no e-mail address; write 'Bob <bob@example.com>'")
    message["Message-ID"] = make_msgid(domain=message["From"].addresses[0].domain)
    if answers:
        chain = _MESSAGE_ID.findall(f"{answers.references} {answers.message_id}")
        message["In-Reply-To"], message["References"] = " ".join(chain[-1:]), " ".join([*chain[:1], *chain[1:][-20:]])
    message.set_content(text or plain(html or ""))
    if html:
        message.add_alternative(html, subtype="html")
    for file in attachments:
        maintype, _, subtype = (mimetypes.guess_type(file.name)[0] or "application/octet-stream").partition("/")
        try:
            content = file.expanduser().read_bytes()
        except OSError as exc:
            raise InvalidInput(f"attachments: {str(file)!r}: {exc.strerror}") from exc
        message.add_attachment(content, maintype=maintype, subtype=subtype, filename=file.name)
    return message


def send(message: EmailMessage, config: MailConfig, *, username: str, password: str) -> SentEmail:
    """Hand a message to the SMTP server."""
    if not (message["To"] or message["Cc"] or message["Bcc"]):
        raise InvalidInput("to: no address given", details={"pointer": "/to"})
    if len(message.as_bytes()) > config.max_message_mb * 1024 * 1024:
        raise InvalidInput(f"the message is larger than max_message_mb, {config.max_message_mb}: attach less")
    begun = False
    try:
        with _connected(config) as smtp:
            if smtp.has_extn("auth"):
                smtp.login(username, password)
            begun = True
            refused = smtp.send_message(message)
    except (smtplib.SMTPException, OSError) as exc:
        lost = isinstance(exc, smtplib.SMTPServerDisconnected) or not isinstance(exc, smtplib.SMTPException)
        raise (in_doubt if begun and lost else verdict)(exc) from exc
    why = {address: f"{code} {said.decode(errors='replace')}" for address, (code, said) in refused.items()}
    return SentEmail(message_id=str(message["Message-ID"]), refused=why)


def _connected(config: MailConfig) -> smtplib.SMTP:
    if config.smtp_host is None:
        raise UserFacingConfigError("nothing can be sent: set smtp_host in the connection's configuration")
    where, tls = (config.smtp_host, config.smtp_port), ssl.create_default_context()
    if config.smtp_security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=config.timeout_seconds, context=tls)
    else:
        smtp = smtplib.SMTP(*where, timeout=config.timeout_seconds)
        if config.smtp_security == "starttls":
            smtp.starttls(context=tls)
    smtp.ehlo_or_helo_if_needed()
    return smtp
