"""Compose e-mails, so that no argument forges a header and replies stay in their conversation."""

import mimetypes
import re
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

from wren_core.errors import InvalidInput
from wren_core.files import open_to_read
from wren_core.mail.addresses import parse_recipients
from wren_core.mail.plaintext import from_html

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_REFERENCES = 20
# Long lines: the library would fold a long Message-ID, and mail readers do not accept a folded one.
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=990)


def compose(
    people: Mapping[str, str | Iterable[str]],
    *,
    subject: str,
    text: str = "",
    html: str | None = None,
    files: Iterable[Path] = (),
    answers: str = "",
) -> EmailMessage:
    """Return a message.

    Args:
        people: header -> addresses, for From and To, and Cc and Bcc if needed.
        subject: one line.
        text: the body; made from `html` where it is empty.
        html: the body as HTML.
        files: the attachments.
        answers: Message-IDs of the conversation; the last one is that of the message it replies to.

    Raises:
        InvalidInput: an argument is not an address, holds a line break, or cannot be read; it names the argument.
    """
    message = EmailMessage(policy=_POLICY)
    message["Subject"], message["Date"] = _check_one_line("subject", subject), formatdate()
    for header, values in people.items():
        lines = [values] if isinstance(values, str) else list(values)
        if any(lines) or header in ("From", "To"):
            message[header] = parse_recipients(header.lower(), lines)
    message["Message-ID"] = make_msgid(domain=message["From"].addresses[0].domain)
    chain = _MESSAGE_ID.findall(answers)
    if chain:
        message["In-Reply-To"] = chain[-1]
        message["References"] = " ".join([*chain[:1], *chain[1:][-_MOST_REFERENCES:]])
    message.set_content(text or from_html(html or ""))
    if html:
        message.add_alternative(html, subtype="html")
    for path in files:
        _attach(message, path)
    return message


def _attach(message: EmailMessage, path: Path) -> None:
    maintype, _, subtype = (mimetypes.guess_type(path.name)[0] or "application/octet-stream").partition("/")
    with open_to_read(path, pointer="/files") as file:
        message.add_attachment(file.read(), maintype=maintype, subtype=subtype, filename=path.name)


def _check_one_line(name: str, text: str) -> str:
    if _CONTROL.search(text):
        raise InvalidInput(
            f"{name}: a line break or control character would forge a header", details={"pointer": f"/{name}"}
        )
    return text
