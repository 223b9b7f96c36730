"""Addresses of e-mails: read from any header that arrives, and checked strictly where one is sent."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.headerregistry import Address as Mailbox

from wren_core.errors import InvalidInput
from wren_core.mail.headers import decode_words, one_line

# A quoted name, an encoded word (which may contain a comma), an address in brackets, a separator, other text.
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"?|=\?[^?\s]{1,80}\?[bBqQ]\?[^?]*\?=|<[^>]*>?|[(),;:]|(?:(?!=\?)[^"<(),;:])+|=')
_QUOTE = re.compile(r'\\.|"')
_SPECIAL = re.compile(r'[][\\()<>@,:;".]')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)*", re.ASCII | re.IGNORECASE)
_LONGEST = 200_000


@dataclass(frozen=True, kw_only=True)
class Address:
    """The sender or a recipient of an e-mail."""

    address: str = ""
    name: str = ""

    def __str__(self) -> str:
        """Return it as a person writes it in a header, with quotes where the name needs them."""
        if not self.name or not self.address:
            return self.address or self.name
        quoted = re.sub(r'(["\\])', r"\\\1", self.name)
        return f'"{quoted}" <{self.address}>' if _SPECIAL.search(self.name) else f"{self.name} <{self.address}>"


@dataclass(kw_only=True)
class _Item:
    """What stands between two commas of a header."""

    words: str = ""
    comments: str = ""
    angle: str | None = None
    is_quoted: bool = False


def read_addresses(header: str) -> tuple[Address, ...]:
    """Return the addresses of a header as well as possible; a group is replaced by its members."""
    found: list[Address] = []
    surname = ""
    for item in _split(header[:_LONGEST]):
        address = _read_item(item)
        if surname and item.angle is not None and item.words:  # Last, First <a@b>, without the quotes
            address = Address(address=address.address, name=f"{surname}, {address.name}")
            found.pop()
        surname = "" if "@" in str(address) else address.name or address.address
        found.append(address)
    return tuple(found)


def parse_recipients(field: str, values: str | Sequence[str]) -> tuple[Mailbox, ...]:
    """Return the addresses that an argument holds, with international domains in ASCII.

    Raises:
        InvalidInput: one is invalid, or there is none; `field` names the argument.
    """
    lines = [values] if isinstance(values, str) else list(values)
    if any(map(_CONTROL.search, lines)):
        message = f"{field}: a line break or control character is not allowed in a header"
        raise InvalidInput(message, details={"pointer": f"/{field}"})
    found = [_check_item(field, item, line) for line in lines for item in _split(line)]
    if not found:
        raise InvalidInput(f"{field}: no address given", details={"pointer": f"/{field}"})
    return tuple(found)


def _split(header: str) -> Iterator[_Item]:
    """Divide a header at its commas; commas in quotes, comments and angle brackets belong to a name or an address."""
    item, depth = _Item(), 0
    for piece in _PIECE.findall(_drop_open_quote(header)):
        if piece == "(" or depth:
            depth += {"(": 1, ")": -1}.get(piece, 0)
            item.comments += piece
        elif piece in (",", ";") or (piece == ":" and "@" not in item.words and item.angle is None):
            if piece != ":":  # what stands before a colon is the name of a group
                yield from _finish(item)
            item = _Item()
        elif piece.startswith("<") and item.angle is None:
            item.angle = piece.strip("<> ")
        else:
            item.is_quoted |= piece.startswith('"')
            item.words += re.sub(r"\\(.)", r"\1", piece.strip('"')) if piece.startswith('"') else piece
    yield from _finish(item)


def _drop_open_quote(header: str) -> str:
    quotes = [found.start() for found in _QUOTE.finditer(header) if found[0] == '"']
    return f"{header[: quotes[-1]]}{header[quotes[-1] + 1 :]}" if len(quotes) % 2 else header


def _finish(item: _Item) -> Iterator[_Item]:
    item.words = item.words.strip()
    if item.words or item.angle:
        yield item


def _read_item(item: _Item) -> Address:
    words, comment = decode_words(item.words), decode_words(item.comments)
    if item.angle is not None:
        address = one_line(item.angle.rpartition(":")[2] if item.angle.startswith("@") else item.angle)
        name = f"{words} {comment}".strip() if words else _strip_brackets(comment)
        return Address(address=address.replace(" ", ""), name=name)
    if "@" not in item.words and "@" in words:  # the address is encoded too
        return next(map(_read_item, _split(words)), Address())
    if "@" in words:
        address = next(word for word in words.split() if "@" in word)
        name = one_line(words.replace(address, " ", 1))
        return Address(address=address, name=name or _strip_brackets(comment))
    return (
        Address(name=words) if " " in words or item.is_quoted else Address(address=words, name=_strip_brackets(comment))
    )


def _strip_brackets(comment: str) -> str:
    return comment.removeprefix("(").removesuffix(")")


def _check_item(field: str, item: _Item, line: str) -> Mailbox:
    address = item.words if item.angle is None else item.angle
    local, _, domain = address.rpartition("@")
    if not _ADDRESS.fullmatch(f"{local}@{to_ascii(domain)}"):
        raise InvalidInput(
            f"{field}: {line!r} is not an e-mail address; write 'bob@example.com' or 'Bob <bob@example.com>'",
            details={"pointer": f"/{field}", "got": line},
        )
    name = decode_words(item.words) if item.angle is not None else _strip_brackets(decode_words(item.comments))
    return Mailbox(display_name=name, username=local, domain=to_ascii(domain))


def to_ascii(domain: str) -> str:
    """Return a domain in ASCII, as IDNA 2008 writes it: its letters are kept, not replaced by similar ones."""
    return ".".join(map(_convert_label, domain.split("."))) if not domain.isascii() else domain


def _convert_label(label: str) -> str:
    folded = unicodedata.normalize("NFC", label.lower())
    if folded.isascii() or len(folded) > 63 or not all(_is_letter(sign) for sign in folded):
        return folded
    return f"xn--{folded.encode('punycode').decode()}"


def _is_letter(sign: str) -> bool:
    return sign == "-" or unicodedata.category(sign)[0] in "LMN"
