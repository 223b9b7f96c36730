"""slack_sdk's client under Wren's rules: a refusal is a verdict, a read is tried again, a write never is.

The only module that imports slack_sdk. `Slack.connect` imports it, so importing the integration does not.
"""

import logging
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from wren_core import TransientError, Unavailable
from wren_slack.verdicts import upload_verdict, verdict

# Repeating one of these changes nothing; conversations.open returns the conversation that is already open.
REPEATABLE = frozenset(
    {"conversations.history", "conversations.list", "conversations.open", "conversations.replies", "users.list"}
)
_MAX_ATTEMPTS = 3
_WAIT_BUDGET = 20.0  # seconds, for all pauses of a call together; a longer Retry-After is the caller's to plan for
# The SDK logs requests and answers at DEBUG, upload URLs among them, and errors that are raised here anyway.
_SILENT = logging.Logger("wren_slack.slack_sdk", level=logging.CRITICAL + 1)


class SlackClient(WebClient):
    """The Web API of one workspace; whatever Slack or the network refuses is raised as a `WrenError`."""

    def __init__(self, token: str, *, base_url: str, timeout: int, wait_budget: float = _WAIT_BUDGET) -> None:
        super().__init__(
            token=token,
            base_url=base_url,
            timeout=timeout,
            user_agent_prefix="wren-slack",
            logger=_SILENT,
            retry_handlers=[],  # the SDK's own repeats any request whose connection broke, writes too
        )
        self._wait_budget = wait_budget

    def api_call(self, api_method: str, **request: Any) -> SlackResponse:
        """Call a method of the Web API; all of the SDK's named methods come through here."""
        attempt, budget = 1, self._wait_budget
        while True:
            try:
                return self._call_once(api_method, request)
            except TransientError as exc:
                delay = delay_before_retry(exc, attempt=attempt, budget=budget)
                if delay is None or api_method not in REPEATABLE:
                    raise
            time.sleep(delay)
            attempt, budget = attempt + 1, budget - delay

    def pages(self, call: Callable[..., SlackResponse], key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Yield the items under `key` of all pages, asking for a page when its first item is wanted."""
        cursor = None
        while cursor != "":
            page = call(cursor=cursor, **arguments)
            yield from page[key] or ()
            cursor = (page["response_metadata"] or {}).get("next_cursor") or ""

    def files_upload_v2(self, **arguments: Any) -> SlackResponse:
        """Upload and share files; the upload itself goes to the URL Slack names, without the token."""
        try:
            return super().files_upload_v2(**arguments)
        except HTTPError as exc:
            exc.close()
            raise upload_verdict(exc.code, exc.reason, exc.headers.get("retry-after")) from exc
        except (OSError, HTTPException) as exc:
            raise _unreachable("file upload", exc) from exc

    def _call_once(self, api_method: str, request: dict[str, Any]) -> SlackResponse:
        try:
            return super().api_call(api_method, **request)
        except SlackApiError as exc:
            response = exc.response
            body = response.data if isinstance(response.data, dict) else {}
            headers = {name.lower(): value for name, value in response.headers.items()}
            after = headers.get("retry-after")
            raise verdict(api_method, body, status=response.status_code, retry_after=after) from exc
        except (OSError, HTTPException) as exc:
            raise _unreachable(api_method, exc) from exc


def delay_before_retry(error: TransientError, *, attempt: int, budget: float) -> float | None:
    """Return the seconds to wait before the next attempt of a read, or None when it is time to give up."""
    asked = error.retry_after_ms
    delay = 0.5 * 2 ** (attempt - 1) if asked is None else asked / 1000
    return delay if attempt < _MAX_ATTEMPTS and delay <= budget else None


def _unreachable(what: str, exc: Exception) -> Unavailable:
    return Unavailable(f"{what}: Slack could not be reached: {type(exc).__name__}: {exc}")
