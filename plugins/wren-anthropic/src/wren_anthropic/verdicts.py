"""Convert Anthropic's errors to errors that say who can fix them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anthropic

from wren_core import Unavailable, WrenError
from wren_core.ai.refusals import broken_off, refusal
from wren_core.http_status import summary

_BILLING = "https://platform.claude.com/settings/billing"
# An error in the middle of a stream comes after a 200; its type implies the status.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


@contextmanager
def verdicts() -> Iterator[None]:
    """Convert the library's exceptions in the block to errors of Wren."""
    try:
        yield
    except anthropic.APIStatusError as exc:
        raise verdict(exc) from exc
    except anthropic.APIConnectionError as exc:
        raise broken_off(exc, f"Anthropic could not be reached, or the connection broke: {type(exc).__name__}") from exc
    except (anthropic.APIError, ValueError) as exc:
        raise Unavailable(f"the response is not from Anthropic: {summary(exc)}; check the base URL") from exc


def refuse_error(body: Any) -> None:
    """Raise the error that a server describes in an answer of status 200.

    Raises:
        WrenError: in the server's words.
    """
    if isinstance(body, Mapping) and (body.get("type") == "error" or body.get("error")):
        raise _verdict_of(body, status=200, words=str(body), retry_after=None)


def verdict(exc: anthropic.APIStatusError) -> WrenError:
    """Return the error for an error response."""
    after = exc.response.headers.get("retry-after")
    return _verdict_of(exc.body, status=exc.status_code, words=exc.message, retry_after=after)


def _verdict_of(body: Any, *, status: int, words: str, retry_after: str | None) -> WrenError:
    kind, explanation = _details(body)
    status = status if status >= 400 else _STATUSES.get(kind, 500)
    return refusal(
        status,
        f"Anthropic refused ({kind or status}): {summary(explanation or words)}",
        integration="anthropic",
        billing_url=_BILLING,
        is_about_money="credit balance" in explanation,
        retry_after=retry_after,
    )


def _details(body: Any) -> tuple[str, str]:
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, str):
        return "", error
    found = error if isinstance(error, Mapping) else body if isinstance(body, Mapping) else {}
    kind = str(found.get("type") or "")
    return "" if kind == "error" else kind, str(found.get("message") or "")
