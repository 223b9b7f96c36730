"""The parts of an e-mail as a tree, whatever delivered it: bytes, or a provider's own format."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import Message
from email.policy import compat32
from io import BytesIO
from typing import TypeVar

from wren_core.mail.headers import decode_words, first_values, parameter
from wren_core.mail.transfer import decode_base64, decode_content

T = TypeVar("T")
# An e-mail with more parts, or with parts nested deeper, is an attack or a mistake; the first parts are read.
MAX_PARTS, MAX_DEPTH = 1000, 50


@dataclass(frozen=True, kw_only=True)
class MailPart:
    """An e-mail, or a part of one. An e-mail that is attached to another is a part without parts."""

    kind: str
    """The media type, in lower case."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in lower case; encoded words are not decoded."""
    place: str = ""
    """Numbers from 0 at each level, such as 1.0; empty for the whole e-mail."""
    content: bytes = field(default=b"", repr=False)
    """Without its transfer encoding; empty where it was not read."""
    size: int = 0
    filename: str = ""
    parts: tuple["MailPart", ...] = ()

    @property
    def is_attached(self) -> bool:
        """Whether its sender says that it is a file."""
        return self.headers.get("content-disposition", "").lstrip().lower().startswith("attachment")


def parse(raw: bytes) -> MailPart:
    """Return the parts of an e-mail, or of its headers alone; no e-mail is so damaged that it fails."""
    try:
        return assemble(message_from_bytes(raw, policy=compat32), read=_read_message, list_parts=_list_parts)
    except RecursionError:  # nested too deeply for the library
        head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
        headers = parse(head).headers
        return MailPart(kind="application/octet-stream", headers=headers, content=body, size=len(body))


def assemble(node: T, *, read: Callable[[T, str], MailPart], list_parts: Callable[[T], Sequence[T]]) -> MailPart:
    """Build the tree of parts from nodes of any kind: `read` returns one without its parts, given its place."""
    left = MAX_PARTS

    def build(node: T, place: str, depth: int) -> MailPart:
        nonlocal left
        left -= 1
        children = list_parts(node)
        while place and len(children) == 1 and list_parts(children[0]):  # one in another, at any depth
            node, place = children[0], f"{place}.0"
            children = list_parts(node)
        below = [
            build(child, f"{place}.{number}".strip("."), depth + 1)
            for number, child in enumerate(children)
            if left > 0 and depth < MAX_DEPTH
        ]
        return replace(read(node, place), parts=tuple(below))

    return build(node, "", 0)


def find_filename(headers: Mapping[str, str]) -> str:
    """Return the name that the sender gave to a part, decoded; empty if there is none."""
    disposition, kind = headers.get("content-disposition", ""), headers.get("content-type", "")
    return parameter(disposition, "filename") or parameter(kind, "name")


def name_inner_mail(subject: str) -> str:
    """Return the file name of an attached e-mail: its subject."""
    return f"{decode_words(subject)}.eml" if subject.strip() else ""


def _read_message(message: Message, place: str) -> MailPart:
    headers = first_values((name, str(value)) for name, value in message.raw_items())
    kind = message.get_content_type()
    content, filename = b"", find_filename(headers)
    if kind.startswith("message/") and message.is_multipart():
        content, subject = _write_inner(message)
        filename = filename or name_inner_mail(subject)
    elif not message.is_multipart():
        content = decode_content(message)
        # A multipart without its boundary: what stands in it is text.
        kind = "text/plain" if kind.startswith("multipart/") and content else kind
    return MailPart(kind=kind, headers=headers, place=place, content=content, size=len(content), filename=filename)


def _list_parts(message: Message) -> Sequence[Message]:
    is_divided = message.is_multipart() and message.get_content_maintype() == "multipart"
    return [item for item in message.get_payload() if isinstance(item, Message)] if is_divided else []


def _write_inner(message: Message) -> tuple[bytes, str]:
    """Return the bytes and the subject of an attached e-mail, or of the blocks of a delivery report."""
    inner = [item for item in message.get_payload() if isinstance(item, Message)]
    if str(message.get("content-transfer-encoding", "")).strip().lower() == "base64" and not inner[0].keys():
        content = decode_base64(str(inner[0].get_payload()).encode("ascii", "replace"))
        return content, parse(content.replace(b"\r\n", b"\n").partition(b"\n\n")[0]).headers.get("subject", "")
    subject = first_values((name, str(value)) for name, value in inner[0].raw_items()).get("subject", "")
    return b"\n".join(map(_write, inner)), subject if message.get_content_type() == "message/rfc822" else ""


def _write(message: Message) -> bytes:
    target = BytesIO()
    try:
        BytesGenerator(target, mangle_from_=False, maxheaderlen=0).flatten(message)
    except (ValueError, LookupError, TypeError, AttributeError):
        return target.getvalue()  # what could be written before the damage
    return target.getvalue()
