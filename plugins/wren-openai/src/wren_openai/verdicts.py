"""Convert errors of OpenAI and compatible servers to errors that say who can fix them."""

from collections.abc import Iterator
from contextlib import contextmanager

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


def verdict(exc: openai.APIError) -> WrenError:
    """Return the error for an error response."""
    kind = str(exc.code or exc.type or "")
    answer = exc.response if isinstance(exc, openai.APIStatusError) else None
    status = answer.status_code if answer is not None else _STATUSES.get(kind) or _STATUSES.get(str(exc.type), 500)
    return refusal(
        status,
        f"the server refused ({kind or status}): {summary(exc.message)}",
        integration="openai",
        billing_url=_BILLING,
        is_about_money=kind in ("insufficient_quota", "billing_hard_limit_reached"),
        retry_after=None if answer is None else answer.headers.get("retry-after"),
    )
