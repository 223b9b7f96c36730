"""Build RFC 5322 messages from arguments. Pure functions; input that could inject a header is refused."""

import json
import mimetypes
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from wren_core import InvalidInput
from wren_core.mail.addresses import parse_recipients
from wren_core.mail.plaintext import from_html
from wren_gmail.records import Attachment, Email

# Gmail's limit for one message, including encoded attachments.
MAX_MESSAGE_BYTES = 35 * 1024 * 1024
_MAX_REFERENCES = 20
_POLICY = SMTP.clone(cte_type="7bit")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_MEDIA_TYPE = re.compile(r"(?!message/|multipart/)[\w.+-]+/[\w.+-]+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """An e-mail to send or to store as a draft."""

    to: str | Sequence[str]
    subject: str
    text: str
    html: str | None = None
    cc: str | Sequence[str] = ()
    bcc: str | Sequence[str] = ()
    attachments: Sequence[Attachment] = ()
    sender: str | None = None
    answers: Email | None = None
    """The message that this one replies to."""


def compose(mail: Outgoing) -> bytes:
    """Return the message as bytes.

    Raises:
        InvalidInput: for an invalid address, a control character in a header, or a message that is too large.
    """
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = _header("subject", mail.subject)
    for name, values in (("To", mail.to), ("Cc", mail.cc), ("Bcc", mail.bcc), ("From", mail.sender)):
        if values or name == "To":
            message[name] = parse_recipients("sender" if name == "From" else name.lower(), values or ())
    message.set_content(mail.text or from_html(mail.html or ""))
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for item in mail.attachments:
        _attach(message, item)
    raw = _thread_headers(mail.answers) + message.as_bytes()
    if len(raw) > MAX_MESSAGE_BYTES:
        raise InvalidInput(f"the message has {len(raw):,} bytes; Gmail accepts {MAX_MESSAGE_BYTES:,}; attach less")
    return raw


def reply_subject(subject: str) -> str:
    """Return the subject of a reply; Gmail groups messages into a conversation only if they share a subject."""
    flat = _CONTROL.sub(" ", subject)
    return flat if flat.lower().startswith("re:") else f"Re: {flat}"


def reply_recipients(original: Email, *, everyone: bool, own: str = "") -> tuple[list[str], list[str]]:
    """Return To and Cc of a reply; `own` is the account's address, which is omitted if other recipients remain.

    A reply to a message of the account goes to the recipients of that message.
    """
    to = original.to if "SENT" in original.labels else original.reply_to or (original.sender,)
    answered = list(dict.fromkeys(item.address for item in to))
    others = dict.fromkeys(item.address for item in (*original.to, *original.cc)) if everyone else {}
    known = {own.lower(), *(address.lower() for address in answered)}
    return answered, [address for address in others if address.lower() not in known]


def multipart_related(metadata: dict[str, Any], raw: bytes) -> tuple[str, bytes]:
    """Return the content type and body of an upload: metadata and message in one request."""
    boundary = f"wren-{secrets.token_hex(16)}"
    head = f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(metadata)}\r\n"
    middle = f"--{boundary}\r\nContent-Type: message/rfc822\r\n\r\n"
    body = head.encode() + middle.encode() + raw + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/related; boundary={boundary}", body


def _attach(message: EmailMessage, item: Attachment) -> None:
    filename = _header("attachments/filename", item.filename)
    declared = item.content_type if _MEDIA_TYPE.fullmatch(item.content_type) else None
    guessed = declared or mimetypes.guess_type(filename)[0] or ""
    kind = guessed if _MEDIA_TYPE.fullmatch(guessed) else "application/octet-stream"
    maintype, _, subtype = kind.partition("/")
    message.add_attachment(item.content or b"", maintype=maintype, subtype=subtype, filename=filename)


def _thread_headers(original: Email | None) -> bytes:
    # Written by hand: the email package folds a long id into encoded words, which mail programs do not accept as an id.
    if original is None:
        return b""
    own = _MESSAGE_ID.findall(original.message_id)[:1]
    earlier = _MESSAGE_ID.findall(original.headers.get("references", ""))
    chain = list(dict.fromkeys([*earlier[:1], *earlier[1:][-_MAX_REFERENCES:], *own]))
    lines = [
        f"In-Reply-To: {own[0]}\r\n" if own else "",
        "References: " + "\r\n ".join(chain) + "\r\n" if chain else "",
    ]
    return "".join(lines).encode()


def _header(field: str, value: str) -> str:
    if _CONTROL.search(value):
        raise InvalidInput(
            f"{field}: a line break or control character is not allowed in a header", details={"pointer": f"/{field}"}
        )
    return value
