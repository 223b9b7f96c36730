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


def verdict(exc: anthropic.APIStatusError) -> WrenError:
    """Return the error for an error response."""
    kind, explanation = _details(exc.body)
    status = exc.status_code if exc.status_code >= 400 else _STATUSES.get(kind, 500)
    return refusal(
        status,
        f"Anthropic refused ({kind or status}): {summary(explanation or exc.message)}",
        integration="anthropic",
        billing_url=_BILLING,
        is_about_money="credit balance" in explanation,
        retry_after=exc.response.headers.get("retry-after"),
    )


def _details(body: Any) -> tuple[str, str]:
    error = body.get("error") if isinstance(body, Mapping) else None
    found = error if isinstance(error, Mapping) else {}
    return str(found.get("type") or ""), str(found.get("message") or "")
