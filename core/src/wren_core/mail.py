"""E-mails that integrations write: composed so that no argument forges a header, and answered in their conversation."""

import html as entities
import mimetypes
import re
from collections.abc import Iterable, Mapping
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

from wren_core.errors import InvalidInput
from wren_core.files import open_to_read

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_REFERENCES = 20
# Long lines, because the library would fold a long Message-ID, and mail programs would not recognise it.
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
        people: addresses by header: From and To, and Cc and Bcc where there are any.
        subject: one line.
        text: the body; by default made from `html`.
        html: the body as HTML.
        files: the attachments.
        answers: Message-IDs of the conversation it belongs to, that of the message it replies to last.

    Raises:
        InvalidInput: an address is invalid, a line break is in a header, or a file cannot be read; names the argument.
    """
    message = EmailMessage(policy=_POLICY)
    message["Subject"], message["Date"] = _one_line("subject", subject), formatdate()
    for header, values in people.items():
        line = values if isinstance(values, str) else ", ".join(values)
        if line or header in ("From", "To"):
            _address(message, header, _one_line(header.lower(), line))
    message["Message-ID"] = make_msgid(domain=message["From"].addresses[0].domain)
    chain = _MESSAGE_ID.findall(answers)
    if chain:
        message["In-Reply-To"] = chain[-1]
        message["References"] = " ".join([*chain[:1], *chain[1:][-_MOST_REFERENCES:]])
    message.set_content(text or plain_text(html or ""))
    if html:
        message.add_alternative(html, subtype="html")
    for path in files:
        _attach(message, path)
    return message


def plain_text(markup: str) -> str:
    """Return the text of HTML, without styles and scripts, in linear time whatever the input."""
    first, *chunks = markup.split("<")
    shown = [first, *(chunk.partition(">")[2] for chunk in chunks if not chunk.lower().startswith(("style", "script")))]
    return "\n".join(line for line in (" ".join(entities.unescape(text).split()) for text in shown) if line)


def _address(message: EmailMessage, header: str, line: str) -> None:
    try:
        message[header] = line
        found = () if message[header].defects else message[header].addresses
    except (MessageError, IndexError):  # the library's parser fails on some invalid addresses
        found = ()
    if not found or not all(item.username and item.domain for item in found):
        text = f"{header.lower()}: {line!r} is not an e-mail address; write 'Bob <bob@example.com>'"
        raise InvalidInput(text, details={"pointer": f"/{header.lower()}", "got": line})


def _attach(message: EmailMessage, path: Path) -> None:
    maintype, _, subtype = (mimetypes.guess_type(path.name)[0] or "application/octet-stream").partition("/")
    with open_to_read(path, pointer="/files") as file:
        message.add_attachment(file.read(), maintype=maintype, subtype=subtype, filename=path.name)


def _one_line(name: str, text: str) -> str:
    if _CONTROL.search(text):
        raise InvalidInput(
            f"{name}: a line break or control character would forge a header", details={"pointer": f"/{name}"}
        )
    return text
