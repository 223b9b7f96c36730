"""Gmail's REST API over HTTP: messages as JSON or as uploads, pagination, and a few parallel requests."""

import base64
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from wren_core import AuthFailed, NotFound, Unavailable, WrenError
from wren_core.http_client import Answer, HttpClient, ResponseTooLarge
from wren_core.json_pointer import find_list, find_or_none
from wren_gmail.incoming import decode_data, external_bodies
from wren_gmail.outgoing import multipart_related
from wren_gmail.verdicts import verdict

Json = dict[str, Any]

ROOT = "/gmail/v1/users/me"
PAGE_SIZE = 100
MAX_PAGES = 50  # Gmail may return empty pages; this ends a listing that would not end otherwise
# Gmail refuses more than a few parallel requests of one user.
CONCURRENCY = 4
MAX_RESPONSE_BYTES = 80 * 1024 * 1024  # Gmail accepts messages up to 50 MB; base64 adds a third
# Gmail accepts a few MB as JSON; larger messages must use the upload endpoint.
MAX_INLINE_BYTES = 1024 * 1024


class GmailApi:
    """A client for one account.

    Args:
        base_url: root of the API, such as https://gmail.googleapis.com.
        token: OAuth access token.
        timeout, patience, max_bytes, sleep: see `HttpClient`.
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
        if not re.fullmatch(r"[!-~]+", token):  # the HTTP client would quote it in its error
            raise AuthFailed("the Gmail access token is invalid: it contains spaces, line breaks or control characters")
        self._http = HttpClient(
            base_url,
            integration="gmail",
            token=token,
            headers={"user-agent": "wren-gmail (gzip)"},  # Gmail compresses only with "gzip" in it
            timeout=timeout,
            patience=patience,
            max_bytes=max_bytes,
            verdict=_verdict,
            sleep=sleep,
        )
        self.close = self._http.close

    def get(self, path: str, **params: Any) -> Json:
        """Read a resource; `path` follows `/gmail/v1/users/me`; None values are omitted."""
        return _parse(self._http.request("GET", ROOT + path, query=params))

    def post(self, path: str, body: Json) -> Json:
        """Send a write that may safely be repeated."""
        return _parse(self._http.request("POST", ROOT + path, json=body, repeatable=True))

    def delete(self, path: str) -> None:
        """Delete a resource."""
        self._http.request("DELETE", ROOT + path)

    def submit(self, path: str, raw: bytes, *, thread_id: str | None = None, draft: bool = False) -> Json:
        """Send or store a message: as JSON, or as an upload if it is too large for JSON."""
        message: Json = {"threadId": thread_id} if thread_id else {}
        if len(raw) <= MAX_INLINE_BYTES:
            message["raw"] = base64.urlsafe_b64encode(raw).decode()
            return _parse(self._http.request("POST", ROOT + path, json={"message": message} if draft else message))
        kind, body = multipart_related({"message": message} if draft else message, raw)
        url, query, headers = f"/upload{ROOT}{path}", {"uploadType": "multipart"}, {"content-type": kind}
        return _parse(self._http.request("POST", url, query=query, content=body, headers=headers))

    def collect(self, path: str, key: str, *, limit: int, **params: Any) -> list[Json]:
        """Read up to `limit` items of a list, page by page."""
        found: list[Json] = []
        token: str | None = None
        for _ in range(MAX_PAGES):
            size = min(limit - len(found), PAGE_SIZE)
            page = self.get(path, maxResults=size, pageToken=token, **params)
            found += [item for item in find_list(page, f"/{key}") if isinstance(item, dict)]
            token = page.get("nextPageToken")
            if not isinstance(token, str) or not token or len(found) >= limit:
                break
        return found[:limit]

    def messages(self, *, limit: int, **params: Any) -> list[Json]:
        """Read the newest messages that match."""
        return self._fetch(self.collect("/messages", "messages", limit=limit, **params))

    def thread(self, thread_id: str) -> list[Json]:
        """Read the messages of a conversation, oldest first."""
        return self._fetch(find_list(self.get(f"/threads/{thread_id}", format="minimal"), "/messages"))

    def message(self, message_id: str) -> Json:
        """Read a message; if its body cannot be read, return only its headers, with `partial` set."""
        try:
            resource = self.get(f"/messages/{message_id}", format="full")
        except ResponseTooLarge:
            return {**self.get(f"/messages/{message_id}", format="metadata"), "partial": True}
        for part in external_bodies(resource):
            content = self.attachment(message_id, part["body"]["attachmentId"])
            part["body"]["data"] = base64.urlsafe_b64encode(content).decode()
        return resource

    def raw(self, message_id: str) -> bytes:
        """Read a message as it was sent."""
        return decode_data(_text_at(self.get(f"/messages/{message_id}", format="raw"), "raw"))

    def attachment(self, message_id: str, attachment_id: str) -> bytes:
        """Read the content of a part that Gmail stores separately from the message."""
        return decode_data(_text_at(self.get(f"/messages/{message_id}/attachments/{attachment_id}"), "data"))

    def _fetch(self, found: list[Json]) -> list[Json]:
        with ThreadPoolExecutor(max_workers=CONCURRENCY) as pool:  # the first failure cancels requests not started yet
            messages = list(pool.map(self._find_message, filter(None, (_text_at(item, "id") for item in found))))
        return [message for message in messages if message is not None]

    def _find_message(self, message_id: str) -> Json | None:
        try:
            return self.message(message_id)
        except NotFound:
            return None  # deleted since the listing


def _text_at(node: Any, name: str) -> str:
    """Return a text member of a resource; empty where there is something else."""
    found = find_or_none(node, f"/{name}")
    return found if isinstance(found, str) else ""


def _verdict(answer: Answer) -> WrenError | None:
    retry_after = answer.headers.get("retry-after")
    return verdict(answer.status_code, answer.body, request=answer.request, retry_after=retry_after)


def _parse(answer: Answer) -> Json:
    try:
        parsed = json.loads(answer.body or b"{}")
    except RecursionError as exc:
        raise ResponseTooLarge(f"gmail answered {answer.request} with JSON that is nested too deeply") from exc
    except ValueError as exc:
        raise _no_json(answer) from exc
    if not isinstance(parsed, dict):
        raise _no_json(answer)
    return parsed


def _no_json(answer: Answer) -> WrenError:
    return Unavailable(f"the response to {answer.request} is not from Gmail: it is not a JSON object; check base_url")
