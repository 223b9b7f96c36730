"""Turns errors into HTTP answers: one table of statuses, one body shape, and no other place that does so."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import structlog
from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from wren_backend.ids import new_id
from wren_backend.outages import find_exhaustion
from wren_backend.storage.storable import storable_json
from wren_core.errors import AgentFixableError, InternalError, UserFacingConfigError, WrenError

log = structlog.get_logger(__name__)

# Code -> status; a code that is not listed takes the status of its type.
STATUS_BY_CODE: dict[str, int] = {
    "UNAUTHENTICATED": 401,
    "NOT_ALLOWED": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NAME_TAKEN": 409,
    "DEPLOYMENT_OWNED": 409,
    "ALIAS_TAKEN": 409,
    "SCRIPT_TOO_LARGE": 413,
    "BODY_TOO_LARGE": 413,
    "CONTENT_TYPE_UNSUPPORTED": 415,
    "MALFORMED_JSON": 400,
    "MALFORMED_REQUEST": 400,
    "REQUEST_TIMED_OUT": 408,
    "QUEUE_FULL": 429,
    "RATE_LIMITED": 429,
    "PROVIDER_UNAVAILABLE": 503,
    "DATABASE_BUSY": 503,
    "DATABASE_UNUSABLE": 503,
    "DATABASE_FULL": 507,
    "SANDBOX_UNAVAILABLE": 503,
    "SERVER_EXHAUSTED": 503,
    "SERVER_BUSY": 503,
}
STATUS_BY_TYPE: dict[str, int] = {"AgentFixableError": 422, "UserFacingConfigError": 409, "InternalError": 500}
# Where a field was sent; left out of messages, since its name alone is clear.
_PLACES = frozenset({"body", "query", "path", "header", "cookie"})
# These internal errors tell a caller what to do (wait, free space); all others show only their correlation id.
_PUBLIC_INTERNAL = frozenset(
    {"DATABASE_BUSY", "DATABASE_FULL", "SANDBOX_UNAVAILABLE", "SERVER_BUSY", "SERVER_EXHAUSTED"}
)
# After these nothing more of the connection is read.
_CLOSING = frozenset({"MALFORMED_REQUEST", "REQUEST_TIMED_OUT"})
# Parts of a request that an error quotes are cut: a body can hold a hundred thousand names, and long ones.
_MAX_FIELDS = 20
_MAX_QUOTED = 200
_MAX_MESSAGE = 4000


class Unauthenticated(UserFacingConfigError):
    """No valid API key came with the request."""

    code = "UNAUTHENTICATED"


def install_error_handlers(app: FastAPI) -> None:
    """Make every failure of `app` answer with the error body."""
    app.add_exception_handler(WrenError, _wren_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected_error)


def error_response(error: WrenError) -> JSONResponse:
    """Return the answer for `error`."""
    status = status_of(error)
    headers = {}
    if error.retry_after_ms is not None:
        headers["Retry-After"] = str(max(1, -(-error.retry_after_ms // 1000)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.code in _CLOSING:
        headers["Connection"] = "close"
    body = _limit_quotes(_public_form(error).to_wire(current_correlation_id()))
    # Details may quote what a client sent, and JSON cannot carry a lone surrogate or NaN back.
    return JSONResponse(storable_json({"error": body}), status_code=status, headers=headers)


def _limit_quotes(wire: dict[str, Any]) -> dict[str, Any]:
    """Return the wire form of an error that quotes little of what a client sent."""
    wire["message"] = cut(wire["message"], _MAX_MESSAGE)
    details = wire.get("details", {})
    kept = {name: cut(value, _MAX_MESSAGE) if isinstance(value, str) else value for name, value in details.items()}
    return {**wire, "details": kept} if details else wire


def cut(text: str, most: int) -> str:
    """Return a text, cut where it is longer than `most` characters."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"


def status_of(error: WrenError) -> int:
    """Return the HTTP status of an error."""
    return STATUS_BY_CODE.get(error.code) or STATUS_BY_TYPE[error.type]


def current_correlation_id() -> str:
    """Return the correlation id of the current request; a new one outside of requests."""
    return correlation_id.get() or new_id("corr")


def unexpected_error(path: str, exc: Exception) -> JSONResponse:
    """Log an unexpected exception and return an answer that shows only its correlation id, or what ran out."""
    if exhausted := find_exhaustion(exc):
        log.error("request.failed", code=exhausted.code, path=path, exc_info=exhausted)
        return error_response(exhausted)
    log.error("request.failed", code="INTERNAL", path=path, exc_info=exc)
    return error_response(InternalError("unexpected"))


def _public_form(error: WrenError) -> WrenError:
    if not isinstance(error, InternalError) or error.code in _PUBLIC_INTERNAL:
        return error
    message = "something failed on our side; it is logged under the correlation id"
    return InternalError(message, code=error.code)


def _wren_error(request: Request, exc: Exception) -> JSONResponse:
    if not isinstance(exc, WrenError):
        return unexpected_error(request.url.path, exc)
    if isinstance(exc, InternalError):
        log.error("request.failed", code=exc.code, path=request.url.path, exc_info=exc)
    return error_response(exc)


def _unexpected_error(request: Request, exc: Exception) -> JSONResponse:
    return unexpected_error(request.url.path, exc)


def _validation_error(_request: Request, exc: Exception) -> JSONResponse:
    problems = exc.errors() if isinstance(exc, RequestValidationError) else []
    return error_response(validation_failed(problems[:_MAX_FIELDS]))


def validation_failed(problems: Sequence[Any]) -> AgentFixableError:
    """Return the error for a request body that does not match its schema; every problem names its field."""
    if any(problem.get("type") == "json_invalid" for problem in problems):
        return AgentFixableError("the body is not valid JSON", code="MALFORMED_JSON")
    fields = [
        {"field": _field(problem.get("loc", ())), "reason": _reason(problem)} for problem in problems[:_MAX_FIELDS]
    ]
    first = fields[0] if fields else {"field": "body", "reason": "does not fit"}
    return AgentFixableError(f"{first['field']}: {first['reason']}", code="INVALID_REQUEST", details={"fields": fields})


def _reason(problem: Mapping[str, Any]) -> str:
    return cut(str(problem.get("msg")).removeprefix("Value error, "), _MAX_QUOTED)


def _field(location: Sequence[Any]) -> str:
    parts = [cut(str(part), _MAX_QUOTED) for part in location if part not in _PLACES]
    return ".".join(parts).encode("utf-8", "replace").decode() or "body"


def _http_error(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    if status == 404 and (elsewhere := _path_without_slash(request)) is not None:
        return Response(status_code=307, headers={"Location": elsewhere})
    messages = {404: ("NOT_FOUND", "there is nothing at this address"), 405: ("METHOD_NOT_ALLOWED", "not that method")}
    code, message = messages.get(status, ("MALFORMED_JSON", "the body cannot be read as JSON"))
    if status >= 500:
        return error_response(InternalError("unexpected"))
    answer = error_response(AgentFixableError(message, code=code))
    answer.headers.update(getattr(exc, "headers", None) or {})  # `Allow` of a 405
    return answer


def _path_without_slash(request: Request) -> str | None:
    """Return path and query where the address would be one of Wren without its last slash.

    It names no host: the Host header is the client's, and an answer that follows it sends others where a client wants.
    """
    path = request.scope["path"].rstrip("/")
    scope = {**request.scope, "path": path}
    if not path or path == request.scope["path"] or path.startswith("//"):
        return None
    if not any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
        return None
    query = request.scope["query_string"].decode("latin-1")
    return quote(path) + (f"?{query}" if query else "")
