"""Refusals of OpenAI and compatible servers, as the errors that say who can fix them."""

from collections.abc import Iterator
from contextlib import contextmanager

import openai

from wren_core import Unavailable, WrenError
from wren_core.ai.refusals import broken_off, refusal
from wren_core.http_status import summary

_BILLING = "https://platform.openai.com/settings/organization/billing"
# An error in the middle of a stream comes after a 200; its type tells what the status would have been.
_STATUSES = {"invalid_request_error": 400, "authentication_error": 401}
_STATUSES |= dict.fromkeys(("rate_limit_error", "rate_limit_exceeded"), 429)


@contextmanager
def verdicts() -> Iterator[None]:
    """Raise what the library raises in the block as an error of Wren's."""
    try:
        yield
    except openai.APIConnectionError as exc:
        raise broken_off(exc, f"the server could not be reached, or broke off: {type(exc).__name__}") from exc
    except (openai.APIResponseValidationError, ValueError) as exc:  # ValueError: what ought to be JSON is none
        raise Unavailable(f"this is no answer of the API: {summary(exc)}; is the base URL right?") from exc
    except openai.APIError as exc:
        raise verdict(exc) from exc


def verdict(exc: openai.APIError) -> WrenError:
    """Return the error for an answer that refuses."""
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
