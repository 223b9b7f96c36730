"""GitHub's use of HTTP: pages are linked in a header, and one status has several meanings."""

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wren_core import NotFound, RateLimited, Rejected, UserFacingConfigError, WrenError
from wren_core.http_client import Answer
from wren_core.http_status import parse_retry_after, summary

HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
_NEXT = re.compile(r'<([^>]*)>;\s*rel="next"')


def following(answer: Answer) -> dict[str, str] | None:
    """Return the query of the next page from the Link header; its host is ignored, because it may be another one."""
    link = _NEXT.search(answer.headers.get("link", ""))
    return dict(parse_qsl(urlsplit(link[1]).query)) if link else None


def items_of(answer: Answer) -> list[Any]:
    """Return the items of a page; a search wraps them."""
    page = answer.json()
    return list(page["items"] if isinstance(page, dict) else page)


def verdict(answer: Answer) -> WrenError | None:
    """Return the error for a response whose status alone does not explain it."""
    status, explanation = answer.status_code, _explain(answer)
    message = f"github answered {status} to {answer.request}: {explanation}"
    if status in (403, 429) and _is_rate_limit(answer.headers, explanation):
        return RateLimited(message, _pause(answer.headers))
    if status == 403 and "not accessible by" in explanation:
        needed = answer.headers.get("x-accepted-github-permissions") or answer.headers.get("x-accepted-oauth-scopes")
        hint = f"the token lacks a permission ({needed or 'unknown'}); run `wren connect github`"
        return UserFacingConfigError(f"{message}; {hint}", code="OAUTH_SCOPE_MISSING", details={"needed": needed})
    if status == 404:
        return NotFound(f"{message}; private repositories are also hidden from tokens without the scope `repo`")
    return Rejected(message, details={"status": status}) if status in (403, 409, 422) else None


def _explain(answer: Answer) -> str:
    """Return GitHub's message with its errors about individual fields."""
    try:
        body = answer.json()
    except WrenError:
        body = None
    if not isinstance(body, dict):
        return summary(answer.text)
    errors = body.get("errors") or []
    fields = [_field_error(item) for item in (errors if isinstance(errors, list) else [errors])]
    return summary("; ".join([str(body.get("message", "no explanation")), *fields]))


def _field_error(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or " ".join(str(error[key]) for key in ("field", "code") if key in error))


def _is_rate_limit(headers: Mapping[str, str], explanation: str) -> bool:
    is_used_up = headers.get("x-ratelimit-remaining") == "0"
    return is_used_up or "retry-after" in headers or "rate limit" in explanation.lower()


def _pause(headers: Mapping[str, str]) -> float | None:
    asked, reset = parse_retry_after(headers.get("retry-after")), headers.get("x-ratelimit-reset", "")
    return max(0.0, int(reset) - time.time()) if asked is None and reset.isdecimal() else asked
