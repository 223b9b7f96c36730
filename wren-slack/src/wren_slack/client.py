"""slack_sdk's client with Wren's rules: errors become verdicts, reads are sent again after a transient failure.

A write is sent again only where Slack refused it because of its rate, and so did nothing. Only this module imports
slack_sdk, and only `Slack.connect` imports this module.
"""

import logging
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from wren_core import TransientError, Unavailable
from wren_core.http_status import was_never_sent
from wren_core.json_pointer import find_list, find_or_none
from wren_core.retrying import WAIT_SECONDS, Attempts, send_again
from wren_core.writes import note_write
from wren_slack.verdicts import upload_verdict, verdict

# Repeating these changes nothing: conversations.open returns a conversation that is already open, and the address of an
# upload that is not used expires.
REPEATABLE = frozenset(
    {
        *("conversations.history", "conversations.list", "conversations.open", "conversations.replies", "users.list"),
        "files.getUploadURLExternal",
    }
)
# The SDK logs requests and responses at DEBUG, including upload URLs, and errors that are raised here anyway.
_SILENT = logging.Logger("wren_slack.slack_sdk", level=logging.CRITICAL + 1)


class SlackClient(WebClient):
    """The Web API of one workspace; every error of Slack or the network is raised as a `WrenError`."""

    def __init__(self, token: str, *, base_url: str, timeout: int, wait_seconds: float = WAIT_SECONDS) -> None:
        super().__init__(
            token=token,
            base_url=base_url,
            timeout=timeout,
            user_agent_prefix="wren-slack",
            logger=_SILENT,
            retry_handlers=[],  # the SDK's own handler retries any request whose connection broke, including writes
        )
        self._wait_seconds = wait_seconds

    def api_call(self, api_method: str, **request: Any) -> SlackResponse:
        """Call a method of the Web API; all named methods of the SDK use this function."""
        is_repeatable = api_method in REPEATABLE
        attempts = Attempts(repeatable=is_repeatable, wait_seconds=self._wait_seconds)
        try:
            answer = send_again(lambda: self._call_once(api_method, request), attempts)
        except TransientError as exc:
            exc.nothing_done = exc.nothing_done or is_repeatable
            if not exc.nothing_done:
                note_write()
            raise
        if not is_repeatable:
            note_write()
        return answer

    def pages(self, call: Callable[..., SlackResponse], key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Yield the items under `key` of all pages; a page is requested when its first item is needed."""
        cursor, seen = None, set[str]()
        while cursor not in seen:
            seen.add(cursor or "")
            page = call(cursor=cursor, **arguments)
            yield from find_list(page.data, f"/{key}")
            following = find_or_none(page.data, "/response_metadata/next_cursor")
            cursor = following if isinstance(following, str) else ""

    def files_upload_v2(self, **arguments: Any) -> SlackResponse:
        """Upload and share files; the upload goes to the URL that Slack returns, without the token.

        Before the last call of the API the file is not visible: a failed upload has done nothing.
        """
        try:
            return super().files_upload_v2(**arguments)
        except HTTPError as exc:
            exc.close()
            error = upload_verdict(exc.code, exc.reason, exc.headers.get("retry-after"))
            if isinstance(error, TransientError):
                error.nothing_done = True
            raise error from exc
        except (OSError, HTTPException) as exc:
            raise _unreachable("file upload", exc, nothing_done=True) from exc

    def files_getUploadURLExternal(self, **arguments: Any) -> SlackResponse:  # noqa: N802 - the SDK's name
        """Ask for the address of an upload."""
        answer = super().files_getUploadURLExternal(**arguments)
        url = find_or_none(answer.data, "/upload_url")
        if not (isinstance(url, str) and url.startswith(("http://", "https://"))):
            raise Unavailable("file upload: Slack gave no address for the upload; try again later", nothing_done=True)
        return answer

    def files_completeUploadExternal(self, **arguments: Any) -> SlackResponse:  # noqa: N802 - the SDK's name
        """Share uploaded files; the SDK expects a list of them in every answer."""
        answer = super().files_completeUploadExternal(**arguments)
        if isinstance(answer.data, dict):
            answer.data["files"] = find_list(answer.data, "/files")
        return answer

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


def _unreachable(what: str, exc: Exception, *, nothing_done: bool = False) -> Unavailable:
    message = f"{what}: Slack could not be reached: {type(exc).__name__}: {exc}"
    return Unavailable(message, nothing_done=nothing_done or was_never_sent(exc))
