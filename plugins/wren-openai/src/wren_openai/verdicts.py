"""Convert errors of OpenAI and compatible servers to errors that say who can fix them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import openai

from wren_core import Unavailable, WrenError
from wren_core.ai.refusals import broken_off, refusal
from wren_core.http_status import summary

_BILLING = "https://platform.openai.com/settings/organization/billing"
# An error in the middle of a stream comes after a 200; its type implies the status.
_STATUSES = {"invalid_request_error": 400, "authentication_error": 401}
_STATUSES |= dict.fromkeys(("rate_limit_error", "rate_limit_exceeded"), 429)


@contextmanager
def verdicts() -> Iterator[None]:
    """Convert the library's exceptions in the block to errors of Wren."""
    try:
        yield
    except openai.APIConnectionError as exc:
        raise broken_off(exc, f"the server was not reached, or the connection broke: {type(exc).__name__}") from exc
    except (openai.APIResponseValidationError, ValueError) as exc:  # ValueError: the body is not JSON
        raise Unavailable(f"the response is not from the API: {summary(exc)}; check the base URL") from exc
    except openai.APIError as exc:
        raise verdict(exc) from exc


def refuse_error(body: Any) -> None:
    """Raise the error that a server describes in an answer of status 200.

    Raises:
        WrenError: in the server's words.
    """
    error = body.get("error") if isinstance(body, Mapping) else None
    if not error and isinstance(body, Mapping) and body.get("object") == "error":
        error = body
    if error:
        raise _verdict_of(error, words=error, answer=None)


def verdict(exc: openai.APIError) -> WrenError:
    """Return the error for an error response."""
    answer = exc.response if isinstance(exc, openai.APIStatusError) else None
    words = exc.body if isinstance(exc.body, str) and exc.body.strip() else exc.message
    return _verdict_of({"code": exc.code, "type": exc.type}, words=words, answer=answer)


def _verdict_of(error: Any, *, words: Any, answer: Any) -> WrenError:
    found = error if isinstance(error, Mapping) else {}
    code, type_ = found.get("code"), str(found.get("type") or "")
    kind = str(code or type_ or "")
    told = int(kind) if kind.isdecimal() and 400 <= int(kind) <= 599 else None
    status = answer.status_code if answer is not None else told or _STATUSES.get(kind) or _STATUSES.get(type_, 500)
    if isinstance(words, Mapping):
        words = words.get("message") or words.get("detail") or words
    return refusal(
        status,
        f"the server refused ({kind or status}): {summary(words)}",
        integration="openai",
        billing_url=_BILLING,
        is_about_money=kind in ("insufficient_quota", "billing_hard_limit_reached"),
        retry_after=None if answer is None else answer.headers.get("retry-after"),
    )
