"""What the runner may say on its channel. The runner shares its process with the script, so nothing here is trusted."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from wren_backend.executor.launcher.lines import LineBuffer, LineTooLong
from wren_core.errors import ErrorType

MAX_LINE_BYTES = 2**20
MAX_FRAMES = 50_000
MAX_TOTAL_BYTES = 64 * 2**20
_NAME = Field(max_length=200)


class ProtocolViolation(ValueError):
    """The channel carried what no runner sends: the script tampered with it."""


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MetadataFrame(_Frame):
    """Answer of a describe job."""

    frame: Literal["metadata"]
    metadata: dict[str, Any]


class CallFrame(_Frame):
    """A method was called."""

    frame: Literal["call"]
    integration: Annotated[str, _NAME]
    method: Annotated[str, _NAME]
    ms: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    outcome: Annotated[str, _NAME]


class RequestFrame(_Frame):
    """The script asks its host for something."""

    frame: Literal["request"]
    id: int
    operation: Annotated[str, _NAME]
    payload: dict[str, Any] = {}


class ResultFrame(_Frame):
    """The function returned."""

    frame: Literal["result"]
    value: Any = None


class ErrorBody(BaseModel):
    """Wire form of an error, with the place in the script where it happened."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ErrorType
    code: Annotated[str, _NAME]
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


class ErrorFrame(_Frame):
    """The script failed."""

    frame: Literal["error"]
    error: ErrorBody


Frame = MetadataFrame | CallFrame | RequestFrame | ResultFrame | ErrorFrame
_FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="frame")])


class FrameReader:
    """Turns the channel's bytes into frames; holds at most one line of memory."""

    def __init__(self) -> None:
        self._lines = LineBuffer(limit=MAX_LINE_BYTES)
        self._bytes = 0
        self._frames = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes.

        Raises:
            ProtocolViolation: on a line that is too long or no frame, or on too many of them.
        """
        self._bytes += len(data)
        try:
            lines = self._lines.feed(data)
        except LineTooLong as exc:
            raise ProtocolViolation(str(exc)) from exc
        self._frames += len(lines)
        if self._frames > MAX_FRAMES or self._bytes > MAX_TOTAL_BYTES:
            raise ProtocolViolation(f"more than {MAX_FRAMES} messages or {MAX_TOTAL_BYTES} bytes of them")
        return [_parse(line) for line in lines]


def encode_job(job: Mapping[str, Any]) -> bytes:
    """Return the first line a runner reads."""
    return json.dumps(job).encode() + b"\n"


def encode_reply(request_id: int, *, result: Mapping[str, Any] | None, error: Mapping[str, Any] | None) -> bytes:
    """Return the answer to a request frame; an answer too long for a line becomes an error."""
    body = {"error": error} if error is not None else {"result": result}
    line = json.dumps({"id": request_id, **body}).encode()
    if len(line) > MAX_LINE_BYTES:
        too_long = {"type": "AgentFixableError", "code": "REPLY_TOO_LARGE", "message": "the answer exceeds 1 MiB"}
        line = json.dumps({"id": request_id, "error": too_long}).encode()
    return line + b"\n"


def _parse(line: bytes) -> Frame:
    try:
        return _FRAME.validate_python(json.loads(line))
    except (ValidationError, ValueError, RecursionError) as exc:
        # The text of a validation error quotes its input, which may be a secret: name the kind only.
        raise ProtocolViolation(f"a message that is no frame ({type(exc).__name__})") from exc
