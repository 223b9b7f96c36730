"""Gmail's REST API over HTTP: time limits, size limits, retries of reads, pages and a few requests at once.

Reads are tried again after a passing failure (429, 5xx, no connection) while a small budget of time lasts; a longer
Retry-After goes to the caller. Writes are never repeated: where one may have been done unseen, the error says so.
"""

import base64
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

from wren_core import AuthFailed, NotFound, RateLimited, Rejected, Unavailable, WrenError
from wren_gmail.incoming import decode_data, external_bodies
from wren_gmail.outgoing import multipart_related
from wren_gmail.verdicts import verdict

Json = dict[str, Any]

ROOT = "/gmail/v1/users/me"
PAGE_SIZE = 100
MAX_PAGES = 50  # Gmail may answer with empty pages; this ends a listing that does not
# Gmail refuses more than a handful of requests at a time for one user.
CONCURRENCY = 4
MAX_RESPONSE_BYTES = 80 * 1024 * 1024  # 50 MB is the most Gmail receives; base64 adds a third
# Gmail takes a few MB as JSON; larger messages must go through the upload endpoint.
MAX_INLINE_BYTES = 1024 * 1024
READ_RETRIES = 2
RETRY_SECONDS = 5.0
_NOTHING_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class TooLarge(Rejected):
    """The answer is larger, or nested deeper, than can be read."""

    code = "RESPONSE_TOO_LARGE"


class GmailApi:
    """A client for one account.

    Args:
        base_url: root of the API, such as https://gmail.googleapis.com.
        token: OAuth access token.
        timeout: seconds to wait for a connection or for the next bytes.
        patience: seconds a whole answer may take, however steadily it drips.
        max_bytes: largest answer that is read.
        sleep: waits between two attempts.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        timeout: float = 30.0,
        patience: float = 60.0,
        max_bytes: int = MAX_RESPONSE_BYTES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not re.fullmatch(r"[!-~]+", token):  # the client would quote it in its error
            raise AuthFailed("the Gmail access token is broken: it has blanks, line breaks or other odd characters")
        headers = {"authorization": f"Bearer {token}", "user-agent": "wren-gmail (gzip)"}
        self._http = httpx2.Client(base_url=base_url, headers=headers, timeout=httpx2.Timeout(timeout, connect=10.0))
        self._patience = patience
        self._max_bytes = max_bytes
        self._sleep = sleep

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **params: Any) -> Json:
        """Read a resource; `path` follows `/gmail/v1/users/me`, parameters that are None are left out."""
        query = {key: value for key, value in params.items() if value is not None}
        deadline = time.monotonic() + RETRY_SECONDS
        for attempt in range(READ_RETRIES):
            try:
                return self._request("GET", ROOT + path, params=query)
            except (RateLimited, Unavailable) as exc:
                pause = 0.5 * 2**attempt if exc.retry_after_ms is None else exc.retry_after_ms / 1000
                if time.monotonic() + pause > deadline:
                    raise
                self._sleep(pause)
        return self._request("GET", ROOT + path, params=query)

    def post(self, path: str, body: Json) -> Json:
        """Write what does no harm when the caller writes it again."""
        return self._request("POST", ROOT + path, json=body)

    def delete(self, path: str) -> None:
        """Delete a resource."""
        self._write_once("DELETE", ROOT + path)

    def submit(self, path: str, raw: bytes, *, thread_id: str | None = None, draft: bool = False) -> Json:
        """Write a message: as JSON, or as an upload where it is too large for that."""
        message: Json = {"threadId": thread_id} if thread_id else {}
        if len(raw) <= MAX_INLINE_BYTES:
            message["raw"] = base64.urlsafe_b64encode(raw).decode()
            return self._write_once("POST", ROOT + path, json={"message": message} if draft else message)
        kind, body = multipart_related({"message": message} if draft else message, raw)
        upload = {"params": {"uploadType": "multipart"}, "content": body, "headers": {"content-type": kind}}
        return self._write_once("POST", f"/upload{ROOT}{path}", **upload)

    def collect(self, path: str, key: str, *, limit: int, **params: Any) -> list[Json]:
        """Read `limit` items of a list, page after page."""
        found: list[Json] = []
        token: str | None = None
        for _ in range(MAX_PAGES):
            size = min(limit - len(found), PAGE_SIZE)
            page = self.get(path, maxResults=size, pageToken=token, **params)
            found += page.get(key) or []
            token = page.get("nextPageToken")
            if not token or len(found) >= limit:
                break
        return found[:limit]

    def messages(self, *, limit: int, **params: Any) -> list[Json]:
        """Read the newest messages that match."""
        return self._fetch(self.collect("/messages", "messages", limit=limit, **params))

    def thread(self, thread_id: str) -> list[Json]:
        """Read the messages of a conversation, oldest first."""
        return self._fetch(self.get(f"/threads/{thread_id}", format="minimal").get("messages") or [])

    def message(self, message_id: str) -> Json:
        """Read a message; one whose body cannot be read comes with its headers only, and `partial` set."""
        try:
            resource = self.get(f"/messages/{message_id}", format="full")
        except TooLarge:
            return {**self.get(f"/messages/{message_id}", format="metadata"), "partial": True}
        for part in external_bodies(resource):
            content = self.attachment(message_id, part["body"]["attachmentId"])
            part["body"]["data"] = base64.urlsafe_b64encode(content).decode()
        return resource

    def attachment(self, message_id: str, attachment_id: str) -> bytes:
        """Read the content of a part that Gmail keeps apart from the message."""
        return decode_data(self.get(f"/messages/{message_id}/attachments/{attachment_id}").get("data") or "")

    def _fetch(self, found: list[Json]) -> list[Json]:
        with ThreadPoolExecutor(max_workers=CONCURRENCY) as pool:  # the first failure cancels what has not begun
            messages = list(pool.map(self._find_message, [item["id"] for item in found]))
        return [message for message in messages if message is not None]

    def _find_message(self, message_id: str) -> Json | None:
        try:
            return self.message(message_id)
        except NotFound:
            return None  # deleted between the listing and now

    def _write_once(self, method: str, url: str, **request: Any) -> Json:
        try:
            return self._request(method, url, **request)
        except Unavailable as exc:
            if isinstance(exc.__cause__, _NOTHING_SENT):
                raise
            doubt = Unavailable(f"{exc.message}; it may have been done: look before you try again")
            doubt.can_retry = False
            raise doubt from exc

    def _request(self, method: str, url: str, **request: Any) -> Json:
        where = f"{method} {url}"
        try:
            with self._http.stream(method, url, **request) as response:
                body = self._read(response, where)
        except httpx2.RequestError as exc:
            raise Unavailable(f"gmail could not be reached for {where}: {type(exc).__name__}") from exc
        retry_after = response.headers.get("retry-after")
        error = verdict(response.status_code, body, request=where, retry_after=retry_after)
        if error is not None:
            raise error
        return _parse(body, where)

    def _read(self, response: httpx2.Response, where: str) -> bytes:
        deadline = time.monotonic() + self._patience
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                raise TooLarge(f"gmail answered {where} with more than {self._max_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise Unavailable(f"gmail needed more than {self._patience:g} seconds to answer {where}")
        return bytes(body)


def _parse(body: bytes, where: str) -> Json:
    try:
        parsed = json.loads(body or b"{}")
    except RecursionError as exc:
        raise TooLarge(f"gmail answered {where} with JSON that is nested too deep") from exc
    except ValueError as exc:
        raise _no_json(where) from exc
    if not isinstance(parsed, dict):
        raise _no_json(where)
    return parsed


def _no_json(where: str) -> WrenError:
    return Unavailable(f"something that is not Gmail answered {where}: no JSON object; is base_url right?")
