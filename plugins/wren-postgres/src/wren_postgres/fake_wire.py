"""PostgreSQL's wire protocol, version 3: parsing and writing the messages that the fake needs.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
_OIDS = {
    "BOOLEAN": 16,
    "BYTEA": 17,
    "BIGINT": 20,
    "SMALLINT": 21,
    "INTEGER": 23,
    "JSON": 114,
    "DOUBLE PRECISION": 701,
    "DATE": 1082,
    "TIMESTAMP": 1114,
    "NUMERIC": 1700,
    "UUID": 2950,
    "JSONB": 3802,
}
_INTEGERS = {20: ">q", 21: ">h", 23: ">i"}
_TEXTS = {0, 25, 705, 1043, 114}
_BOOL, _BYTEA, _TEXT, _FLOAT, _JSONB = 16, 17, 25, 701, 3802


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of a result."""

    name: str
    oid: int = 25

    @classmethod
    def of(cls, name: str, declared: str) -> "Field":
        """Build a column from its declared type; the default is text."""
        return cls(name=name, oid=_OIDS.get(declared.upper().partition("(")[0].strip(), 25))


class FakeFailure(Exception):
    """An error of the fake, with PostgreSQL's code."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Wire:
    """The connection of one client."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read_startup(self) -> tuple[int, dict[str, str]]:
        """Return the first message of a client: a protocol version or a request, and its parameters."""
        (length,) = struct.unpack(">i", self._read(4))
        body = self._read(length - 4)
        words = body[4:].split(b"\0")
        pairs = zip(words[::2], words[1::2], strict=False)
        return struct.unpack(">i", body[:4])[0], {key.decode(): value.decode() for key, value in pairs if key}

    def read(self) -> tuple[str, bytes]:
        """Return the next message: its type and its body."""
        kind, length = struct.unpack(">ci", self._read(5))
        return kind.decode(), self._read(length - 4)

    def answer_plainly(self) -> None:
        """Report that encryption is not supported."""
        self._stream.write(b"N")
        self._stream.flush()

    def send(self, kind: str, body: bytes = b"") -> None:
        """Send a message; it leaves with the next `flush`."""
        self._stream.write(struct.pack(">ci", kind.encode(), len(body) + 4) + body)

    def flush(self) -> None:
        """Send the buffered messages."""
        self._stream.flush()

    def ready(self, status: str) -> None:
        """Report readiness for a statement; `status` is I, T or E: idle, in a transaction, in a failed one."""
        self.send("Z", status.encode())
        self.flush()

    def fail(self, failure: FakeFailure, *, severity: str = "ERROR") -> None:
        """Send an error."""
        fields = {"S": severity, "V": severity, "C": failure.sqlstate, "M": str(failure)}
        self.send("E", b"".join(key.encode() + text(value) for key, value in fields.items()) + b"\0")

    def describe_parameters(self, number: int) -> None:
        """Send the types of a statement's parameters; SQLite knows none, so all are text."""
        self.send("t", struct.pack(f">h{number}i", number, *[_TEXT] * number))

    def describe(self, fields: Sequence[Field]) -> None:
        """Send the description of the columns."""
        described = [text(item.name) + struct.pack(">ihihih", 0, 0, item.oid, -1, -1, 0) for item in fields]
        self.send("T", struct.pack(">h", len(fields)) + b"".join(described)) if fields else self.send("n")

    def row(self, fields: Sequence[Field], values: Sequence[Any]) -> None:
        """Send a row."""
        cells = [_encode_value(field, value) for field, value in zip(fields, values, strict=True)]
        sized = [struct.pack(">i", -1 if cell is None else len(cell)) + (cell or b"") for cell in cells]
        self.send("D", struct.pack(">h", len(cells)) + b"".join(sized))

    def _read(self, size: int) -> bytes:
        found = self._stream.read(size)
        if len(found) < size:
            raise EOFError
        return found


def text(value: str) -> bytes:
    """Encode a string for the protocol."""
    return value.encode() + b"\0"


def parse_message(body: bytes) -> tuple[str, list[int]]:
    """Return the SQL of a Parse message, and the types of its parameters."""
    _, sql, rest = body.split(b"\0", 2)
    (count,) = struct.unpack_from(">h", rest)
    return sql.decode(), list(struct.unpack_from(f">{count}i", rest, 2))


def bind_message(body: bytes, oids: Sequence[int]) -> list[Any]:
    """Return the values of a Bind message."""
    _, _, rest = body.split(b"\0", 2)
    (count,) = struct.unpack_from(">h", rest)
    formats = struct.unpack_from(f">{count}h", rest, 2)
    place = 2 + 2 * count
    (count,) = struct.unpack_from(">h", rest, place)
    place += 2
    values: list[Any] = []
    for number in range(count):
        (size,) = struct.unpack_from(">i", rest, place)
        cell = None if size < 0 else rest[place + 4 : place + 4 + size]
        place += 4 + max(size, 0)
        binary = bool(formats and formats[number if len(formats) > 1 else 0])
        values.append(_decode_value(cell, oids[number] if number < len(oids) else 0, binary=binary))
    return values


def _decode_value(cell: bytes | None, oid: int, *, binary: bool) -> Any:
    if cell is None:
        return None
    if binary and oid in _INTEGERS:
        return struct.unpack(_INTEGERS[oid], cell)[0]
    if binary and oid == _FLOAT:
        return struct.unpack(">d", cell)[0]
    if oid == _BOOL:
        return cell in (b"\x01", b"t")
    if binary and oid == _BYTEA:
        return cell
    if binary and oid not in _TEXTS | {_JSONB}:
        raise FakeFailure("0A000", f"the fake does not support values of type {oid}; pass text")
    word = (cell[1:] if binary and oid == _JSONB else cell).decode()
    return int(word) if oid in _INTEGERS else word


def _encode_value(field: Field, value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return None if value is None else b"\\x" + value.hex().encode()
    if field.oid == _BOOL:
        return b"t" if value else b"f"
    return str(value).encode()
