"""Read an e-mail as the person who receives it sees it: the words, and the files apart."""

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import PurePosixPath

from wren_core.mail.addresses import Address, read_addresses
from wren_core.mail.charsets import decode, decode_html
from wren_core.mail.dates import read_date
from wren_core.mail.headers import decode_words, one_line, parameter
from wren_core.mail.parts import MailPart, parse
from wren_core.mail.plaintext import from_html

_PLAIN, _HTML = "text/plain", "text/html"


@dataclass(frozen=True, kw_only=True)
class File:
    """A file in an e-mail; no other file of the e-mail has its name."""

    name: str
    part: MailPart = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """An e-mail."""

    message_id: str
    subject: str
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    date: datetime | None
    references: str
    text: str
    html: str
    files: tuple[File, ...]


def read_mail(root: MailPart, *, arrived_at: datetime | None = None) -> Mail:
    """Return the contents of an e-mail; `arrived_at`, noted by the server, replaces a missing or wrong date."""
    headers = root.headers
    return Mail(
        message_id=one_line(headers.get("message-id", "")),
        subject=decode_words(headers.get("subject", "")),
        sender=next(iter(read_addresses(headers.get("from", ""))), Address()),
        to=read_addresses(headers.get("to", "")),
        cc=read_addresses(headers.get("cc", "")),
        reply_to=read_addresses(headers.get("reply-to", "")),
        date=read_date(headers.get("date", "")) or arrived_at,
        references=one_line(headers.get("references", "")),
        text=read_text(root),
        html="\n".join(_decode_text(part) for part in _find_shown(root, _HTML) if part.kind == _HTML),
        files=list_files(root),
    )


def read_text(root: MailPart) -> str:
    """Return the words that a person sees, in their order; HTML is converted where there is no plain text."""
    shown = _find_shown(root, _PLAIN) or _find_unusual(root)
    texts = [from_html(_decode_text(part)) if part.kind == _HTML else _decode_text(part) for part in shown]
    return "\n".join(text.strip() for text in texts if text.strip())


def list_files(root: MailPart) -> tuple[File, ...]:
    """List the files of an e-mail, pictures in its text included; one without a name gets one."""
    taken: set[str] = set()
    files = []
    for part in leaves(root):
        if is_file(part):
            name = next(name for name in _number_names(_name_file(part)) if name.casefold() not in taken)
            taken.add(name.casefold())
            files.append(File(name=name, part=part))
    return tuple(files)


def find_content(raw: bytes, file: File) -> bytes:
    """Return the content of a file, given the bytes of the e-mail in which it was listed without its content."""
    found = {item.part.place: item.part.content for item in list_files(parse(raw))}
    return found.get(file.part.place, b"")


def leaves(root: MailPart) -> Iterator[MailPart]:
    """Yield the parts that have no parts, in their order."""
    if not root.parts and not root.kind.startswith("multipart/"):
        yield root
    for part in root.parts:
        yield from leaves(part)


def is_file(part: MailPart) -> bool:
    """Return whether a part is a file, and not text that is shown."""
    if part.kind not in (_PLAIN, _HTML):
        return bool(part.size or part.filename or part.is_attached)
    return bool(part.filename and part.place) or part.is_attached


def _find_shown(part: MailPart, wanted: str) -> list[MailPart]:
    """List the texts that a mail program shows; of alternatives, the one of the wanted kind."""
    if not part.parts:
        return [part] if part.kind in (_PLAIN, _HTML) and not is_file(part) else []
    found = [_find_shown(child, wanted) for child in part.parts]
    if part.kind != "multipart/alternative":
        return [text for texts in found for text in texts]
    written = [texts for texts in found if any(text.content.strip() for text in texts)]
    suitable = [texts for texts in written if any(text.kind == wanted for text in texts)]
    return next(iter([*suitable, *reversed(written)]), [])


def _find_unusual(root: MailPart) -> list[MailPart]:
    """Return the first text of another kind, or with a file name, where an e-mail has no other text."""
    texts = (part for part in leaves(root) if part.kind.startswith("text/") and not part.is_attached)
    return [part for part in texts if part.content][:1]


def _decode_text(part: MailPart) -> str:
    label = parameter(part.headers.get("content-type", ""), "charset")
    text = decode_html(part.content, label) if part.kind == _HTML else decode(part.content, label)
    return text.replace("\r\n", "\n")


def _name_file(part: MailPart) -> str:
    if part.filename:
        return part.filename
    return f"attachment-{part.place or 0}{mimetypes.guess_extension(part.kind) or ''}"


def _number_names(name: str) -> Iterator[str]:
    yield name
    suffix = PurePosixPath(name).suffix
    yield from (f"{name.removesuffix(suffix)} ({number}){suffix}" for number in count(1))
