"""Refusals of OpenAI and compatible servers, as the errors that say who can fix them."""

from collections.abc import Iterator
from contextlib import contextmanager

import openai

from wren_core import Rejected, Unavailable, UserFacingConfigError, WrenError
from wren_core.http_status import summary, verdict_for_status

_BILLING = "https://platform.openai.com/settings/organization/billing"
# An error in the middle of a stream comes after a 200; its type tells what the status would have been.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
}


@contextmanager
def verdicts() -> Iterator[None]:
    """Raise what the library raises in the block as an error of Wren's."""
    try:
        yield
    except openai.APIConnectionError as exc:
        raise Unavailable(f"the server could not be reached, or broke off: {type(exc).__name__}") from exc
    except openai.APIResponseValidationError as exc:
        raise _foreign(exc) from exc
    except openai.APIError as exc:
        raise verdict(exc) from exc
    except ValueError as exc:  # what ought to be JSON is none
        raise _foreign(exc) from exc


def verdict(exc: openai.APIError) -> WrenError:
    """Return the error for an answer that refuses."""
    kind = str(exc.code or exc.type or "")
    answer = exc.response if isinstance(exc, openai.APIStatusError) else None
    status = answer.status_code if answer is not None else _STATUSES.get(kind) or _STATUSES.get(str(exc.type), 500)
    message = f"the server refused ({kind or status}): {summary(exc.message)}"
    if status == 402 or kind in ("insufficient_quota", "billing_hard_limit_reached"):
        return UserFacingConfigError(message, code="PROVIDER_BILLING", action_url=_BILLING)
    if status == 403:
        return UserFacingConfigError(
            f"{message}. The API key may not do this; use another one or change its rights", code="PERMISSION_DENIED"
        )
    if status == 401:
        message += ". Connect OpenAI again with a valid key: `wren connect openai --again`"
    retry_after = None if answer is None else answer.headers.get("retry-after")
    return verdict_for_status(status, message=message, retry_after=retry_after) or Rejected(message)


def _foreign(exc: Exception) -> Unavailable:
    return Unavailable(f"this is no answer of the API: {summary(exc)}; is the base URL right?")
