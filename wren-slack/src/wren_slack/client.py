"""slack_sdk's client with Wren's rules: errors become verdicts, reads are retried, writes never are.

Only this module imports slack_sdk, and only `Slack.connect` imports this module.
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

# Repeating these changes nothing; conversations.open returns a conversation that is already open.
REPEATABLE = frozenset(
    {"conversations.history", "conversations.list", "conversations.open", "conversations.replies", "users.list"}
)
_MAX_ATTEMPTS = 3
_WAIT_BUDGET = 20.0  # seconds, total of all pauses of a call; the caller must handle a longer Retry-After
# The SDK logs requests and responses at DEBUG, including upload URLs, and errors that are raised here anyway.
_SILENT = logging.Logger("wren_slack.slack_sdk", level=logging.CRITICAL + 1)


class SlackClient(WebClient):
    """The Web API of one workspace; every error of Slack or the network is raised as a `WrenError`."""

    def __init__(self, token: str, *, base_url: str, timeout: int, wait_budget: float = _WAIT_BUDGET) -> None:
        super().__init__(
            token=token,
            base_url=base_url,
            timeout=timeout,
            user_agent_prefix="wren-slack",
            logger=_SILENT,
            retry_handlers=[],  # the SDK's own handler retries any request whose connection broke, including writes
        )
        self._wait_budget = wait_budget

    def api_call(self, api_method: str, **request: Any) -> SlackResponse:
        """Call a method of the Web API; all named methods of the SDK use this function."""
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
        """Yield the items under `key` of all pages; a page is requested when its first item is needed."""
        cursor = None
        while cursor != "":
            page = call(cursor=cursor, **arguments)
            yield from page[key] or ()
            cursor = (page["response_metadata"] or {}).get("next_cursor") or ""

    def files_upload_v2(self, **arguments: Any) -> SlackResponse:
        """Upload and share files; the upload goes to the URL that Slack returns, without the token."""
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
    """Return the seconds to wait before the next attempt of a read, or None to give up."""
    asked = error.retry_after_ms
    delay = 0.5 * 2 ** (attempt - 1) if asked is None else asked / 1000
    return delay if attempt < _MAX_ATTEMPTS and delay <= budget else None


def _unreachable(what: str, exc: Exception) -> Unavailable:
    return Unavailable(f"{what}: Slack could not be reached: {type(exc).__name__}: {exc}")
