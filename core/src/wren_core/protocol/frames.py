"""The messages of runner and worker on their channel: one JSON document per line.

    worker -> runner   one job (`jobs`), then a reply to each request
    runner -> worker   findings while a script is described, call and request frames while it runs, then one answer:
                       metadata, result or error

The runner shares its process with the script, so a worker trusts no frame: `parse_frame` checks each, and the limits
hold for all of them together.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from wren_core.errors import ErrorType
from wren_core.protocol.calls import CallRecord, Name
from wren_core.protocol.findings import ScriptFinding
from wren_core.protocol.nesting import MAX_NESTING, is_too_deep

MAX_LINE_BYTES = 2**20
"""Most bytes of a frame's line, without its newline; a job has no limit."""
MAX_FRAMES = 50_000
"""Most frames of one runner."""
MAX_TOTAL_BYTES = 64 * 2**20
"""Most bytes of all frames of one runner."""

# The frame itself, and the error in it.
_LEVELS_OF_A_FRAME = 2


class ProtocolViolation(ValueError):
    """The channel carried a message that no runner sends: the script tampered with it."""


class LineTooLarge(ValueError):
    """A frame does not fit into a line of the channel."""


@dataclass(frozen=True, kw_only=True)
class MetadataFrame:
    """Answer of a describe job."""

    frame: Literal["metadata"] = "metadata"
    metadata: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FindingFrame:
    """A check found a problem; sent before the answer of a describe job."""

    frame: Literal["finding"] = "finding"
    finding: ScriptFinding


@dataclass(frozen=True, kw_only=True)
class CallFrame:
    """The script called a method."""

    frame: Literal["call"] = "call"
    call: CallRecord


@dataclass(frozen=True, kw_only=True)
class RequestFrame:
    """The script asks its host for something; a `ReplyFrame` of the same id answers."""

    frame: Literal["request"] = "request"
    id: int
    operation: Name
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReplyFrame:
    """Answer to a request: a result, or the wire form of an error. The only frame a worker sends."""

    frame: Literal["reply"] = "reply"
    id: int
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class ResultFrame:
    """The function returned."""

    frame: Literal["result"] = "result"
    value: Any = None


@dataclass(frozen=True, kw_only=True)
class ScriptFailure:
    """Wire form of an error, with the place in the script where it happened."""

    type: ErrorType
    code: Name
    message: Annotated[str, Field(max_length=20_000)]
    can_retry: bool = False
    action_url: str | None = None
    docs_url: str | None = None
    retry_after_ms: int | None = None
    details: dict[str, Any] | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    traceback: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object, without unknown fields."""
        return {name: value for name, value in _fields_of(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class ErrorFrame:
    """The script failed, or the runner refused its job."""

    frame: Literal["error"] = "error"
    error: ScriptFailure


Answer = MetadataFrame | ResultFrame | ErrorFrame
"""The last frame of a job."""
Frame = FindingFrame | CallFrame | RequestFrame | MetadataFrame | ResultFrame | ErrorFrame
"""Any frame of a runner."""


def encode_line(message: Any) -> bytes:
    """Return the line of a job, of any length, newline included.

    Raises:
        TypeError, ValueError: it has no JSON form.
    """
    return json.dumps(message, default=_fields_of, allow_nan=False).encode() + b"\n"


def encode_frame(frame: Frame | ReplyFrame) -> bytes:
    """Return the line of a frame, newline included.

    Raises:
        LineTooLarge: it exceeds 1 MiB.
        TypeError, ValueError: it has no JSON form.
    """
    line = encode_line(frame)
    if len(line) - 1 > MAX_LINE_BYTES:
        raise LineTooLarge(f"{len(line) - 1} bytes; at most {MAX_LINE_BYTES} fit")
    return line


def parse_frame(line: bytes) -> Frame:
    """Return the frame of a line that a runner sent.

    Raises:
        ProtocolViolation: it is not a frame; the message does not quote it.
    """
    try:
        document = json.loads(line)
        if is_too_deep(document, MAX_NESTING + _LEVELS_OF_A_FRAME):
            raise ProtocolViolation(f"a message with values that are nested more than {MAX_NESTING} levels deep")
        return _frame_adapter().validate_python(document)
    except ProtocolViolation:
        raise
    except (ValidationError, ValueError, RecursionError) as exc:
        # The text of a validation error quotes its input, which may be a secret: name the kind only.
        raise ProtocolViolation(f"a message that is not a frame ({type(exc).__name__})") from exc


def read_reply(line: bytes) -> ReplyFrame:
    """Return the reply of a line that the worker sent, which the runner trusts.

    Raises:
        ValueError: it is not a reply.
    """
    document = json.loads(line)
    if not isinstance(document, dict) or document.get("frame") != "reply" or not isinstance(document.get("id"), int):
        raise ValueError("a line that is not a reply")
    return ReplyFrame(id=document["id"], result=document.get("result"), error=document.get("error"))


def _fields_of(value: Any) -> dict[str, Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")


@cache
def _frame_adapter() -> TypeAdapter[Frame]:
    return TypeAdapter(Annotated[Frame, Field(discriminator="frame")])
