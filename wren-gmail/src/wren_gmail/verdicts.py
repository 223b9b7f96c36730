"""Convert Google's errors to verdicts: the status alone does not separate a missing scope from a busy server."""

import json
from collections.abc import Iterator
from typing import Any

from wren_core import RateLimited, UserFacingConfigError, WrenError
from wren_core.http_status import parse_retry_after, verdict_for_status

_RATE_REASONS = {"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "RATE_LIMIT_EXCEEDED"}
_SCOPE_REASONS = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
_SETUP_REASONS = {"accessNotConfigured", "SERVICE_DISABLED", "domainPolicy"}
_MESSAGE_LIMIT = 300


def verdict(status: int, body: bytes, *, request: str, retry_after: str | None = None) -> WrenError | None:
    """Return the error for a response, or None if its status is below 400.

    Args:
        status: HTTP status.
        body: body of the response, JSON or not.
        request: method and path, for the message.
        retry_after: the Retry-After header.
    """
    if status < 400:
        return None
    explanation, reasons = _explain(body)
    message = f"gmail answered {status} to {request}: {explanation}"
    if status == 403 and reasons & _RATE_REASONS:
        return RateLimited(message, parse_retry_after(retry_after))
    if status == 403 and reasons & _SCOPE_REASONS:
        hint = "the connection lacks a permission that this method needs; run `wren connect gmail` and grant it"
        return UserFacingConfigError(f"{message}; {hint}", code="OAUTH_SCOPE_MISSING")
    if status == 403 and reasons & _SETUP_REASONS:
        return UserFacingConfigError(message)
    if status == 401:
        message += "; run `wren connect gmail`"
    return verdict_for_status(status, message=message, retry_after=retry_after)


def _explain(body: bytes) -> tuple[str, set[str]]:
    try:
        error = json.loads(body)["error"]
        return _short(str(error["message"])), set(_reasons(error))
    except (ValueError, KeyError, TypeError, RecursionError):
        return _short(body[:2000].decode(errors="replace")), set()


def _reasons(error: dict[str, Any]) -> Iterator[str]:
    for key in ("errors", "details"):
        for item in error.get(key) or []:
            if isinstance(item, dict) and isinstance(item.get("reason"), str):
                yield item["reason"]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    # The dots tell the code that masks secrets that a secret may have been cut here.
    if len(flat) > _MESSAGE_LIMIT:
        return flat[:_MESSAGE_LIMIT] + "..."
    return flat or "no explanation"
