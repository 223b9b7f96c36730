"""What every request and response body shares."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer


def timestamp(moment: datetime) -> str:
    """Return an instant as the API writes it: `2024-12-08T10:30:00Z`, to the millisecond where there is one."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


Timestamp = Annotated[datetime, PlainSerializer(timestamp, return_type=str)]


class RequestBody(BaseModel):
    """A body a client sends: a field that does not exist or has another type is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ResponseBody(BaseModel):
    """A body Wren sends."""

    model_config = ConfigDict(frozen=True)


class ErrorDetail(ResponseBody):
    """One failure."""

    type: str
    code: str
    message: str
    correlation_id: str | None = None
    can_retry: bool = False
    retry_after_ms: int | None = None
    action_url: str | None = None
    docs_url: str | None = None
    details: dict[str, object] | None = None


class ErrorBody(ResponseBody):
    """The body of every answer that is not a 2xx."""

    error: ErrorDetail


_MEANINGS = {
    401: "No valid API key",
    404: "No such object in this workspace",
    409: "A person must act first, or the object changed",
    413: "Too large",
    415: "Not JSON",
    422: "The request, the script or its arguments must be fixed",
    429: "Too many requests",
    503: "Not available now; try again",
}


def documented(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI entries of error answers."""
    return {status: {"model": ErrorBody, "description": _MEANINGS[status]} for status in statuses}
