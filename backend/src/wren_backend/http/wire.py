"""What requests and responses share: cursors, timestamps, body classes and documented errors."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from wren_backend.storage.storable import storable_json

# Far more than people nest, and far less than the JSON libraries on the way accept.
_MAX_DEPTH = 64
# Of one object whose names Wren knows.
_MAX_NAMES = 100


def timestamp(moment: datetime) -> str:
    """Return an instant as the API writes it: `2024-12-08T10:30:00Z`, to the millisecond where there is one."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def _check_object(value: dict[str, Any]) -> dict[str, Any]:
    if _is_deeper(value, _MAX_DEPTH):
        raise ValueError(f"is nested deeper than {_MAX_DEPTH} levels")
    # NaN is not equal to itself, so it is caught here as well.
    if storable_json(value) != value:
        raise ValueError("holds NUL, a lone surrogate, NaN or an infinity, which cannot be stored")
    return value


def _refuse_many(value: Any) -> Any:
    """Refuse an object with too many names in one error: pydantic would check each, and make an error of each."""
    if isinstance(value, dict) and len(value) > _MAX_NAMES:
        raise ValueError(f"has {len(value)} names, at most {_MAX_NAMES} are taken")
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [child for item in level for child in _children(item)]
    return any(isinstance(item, dict | list) for item in level)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


Timestamp = Annotated[
    datetime,
    PlainSerializer(timestamp, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2024-12-08T10:30:00Z"]}),
]
IntegrationName = Annotated[str, Field(max_length=200, examples=["mail"])]
_Aliases = Annotated[list[Annotated[str, Field(max_length=63)]], Field(max_length=100)]
NamedAccounts = Annotated[
    dict[IntegrationName, _Aliases],
    BeforeValidator(_refuse_many),
    Field(max_length=_MAX_NAMES, examples=[{"mail": ["work"]}]),
]
JsonObject = Annotated[dict[str, Any], AfterValidator(_check_object)]
"""A JSON object from a client, which both databases, the script's process and a response can hold."""


Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before")]
"""The place in a list from which a request goes on."""


class RequestBody(BaseModel):
    """A body that a client sends; an unknown field or another type is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    _limit_names = model_validator(mode="before")(_refuse_many)


class ResponseBody(BaseModel):
    """A body that Wren sends."""

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

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": {
                        "type": "UserFacingConfigError",
                        "code": "OAUTH_TOKEN_EXPIRED",
                        "message": "the access to Mail has ended; authorise it again at action_url",
                        "action_url": "https://wren.example/integrations/mail/reauthorize",
                        "correlation_id": "corr_0f9c2b7d4e1a8c63",
                        "can_retry": False,
                    }
                }
            ]
        }
    )

    error: ErrorDetail


_MEANINGS = {
    400: "The body cannot be read as JSON, or the request is malformed",
    401: "No valid API key",
    403: "It belongs to another user: its owner and the admins of the workspace may do this",
    404: "No such object in this workspace",
    409: "A person must act first, or the object changed",
    413: "Too large",
    408: "The body did not arrive in time",
    415: "Not JSON",
    422: "The request, the script or its arguments must be fixed",
    429: "Too many requests at once",
    500: "A failure of the server, logged under the correlation id",
    503: "Not available now; try again",
}


def documented(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI entries of error answers."""
    return {status: {"model": ErrorBody, "description": _MEANINGS[status]} for status in statuses}


ANSWERS_OF_API = documented(401, 422, 429, 500, 503)
"""What every operation that takes an API key may answer."""
ANSWERS_TO_BODY = documented(400, 408, 413, 415)
"""What every operation that takes a body may also answer."""
