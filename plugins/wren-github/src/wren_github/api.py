"""GitHub's use of HTTP: pages are linked in a header, and one status has several meanings."""

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wren_core import NotFound, RateLimited, Unavailable, UserFacingConfigError, WrenError
from wren_core.http_client import Answer
from wren_core.http_status import parse_retry_after, summary, verdict_for_status

HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
# GitHub asks for at least a minute after a limit for which it names no time.
_SECONDARY_SECONDS = 60.0
_SECONDARY = re.compile(r"secondary|abuse|blocked|too quickly|few minutes", re.IGNORECASE)
_TOO_FAST = re.compile(
    r"rate limit|abuse detection|temporarily blocked|too quickly|too many requests|wait a few minutes|slow down",
    re.IGNORECASE,
)
_TOO_FAST_PAGE = re.compile(r"rate-?limit|abuse", re.IGNORECASE)
_NEXT = re.compile(r'<([^>]*)>;\s*rel="next"')


def following(answer: Answer) -> dict[str, str] | None:
    """Return the query of the next page from the Link header; its host is ignored, because it may be another one."""
    link = _NEXT.search(answer.headers.get("link", ""))
    return dict(parse_qsl(urlsplit(link[1]).query)) if link else None


def items_of(answer: Answer) -> list[Any]:
    """Return the items of a page; a search wraps them."""
    page = answer.json()
    items = page.get("items") if isinstance(page, dict) else page
    if items is not None and not isinstance(items, list):
        raise Unavailable(f"github answered {answer.request} with something other than a list; is base_url right?")
    return items or []


def verdict(answer: Answer) -> WrenError | None:
    """Return the error for a response whose status alone does not explain it."""
    status, body = answer.status_code, _body_of(answer)
    explanation = _explain(answer, body)
    message = f"github answered {status} to {answer.request}: {explanation}"
    if status in (403, 422, 429) and _is_rate_limit(answer.headers, explanation, body, status=status):
        return RateLimited(message, _pause(answer.headers, explanation))
    if status == 403 and "not accessible by" in explanation:
        needed = answer.headers.get("x-accepted-github-permissions") or answer.headers.get("x-accepted-oauth-scopes")
        hint = f"the token lacks a permission ({needed or 'unknown'}); run `wren connect github`"
        return UserFacingConfigError(f"{message}; {hint}", code="OAUTH_SCOPE_MISSING", details={"needed": needed})
    if status == 404:
        return NotFound(f"{message}; private repositories are also hidden from tokens without the scope `repo`")
    if status == 401 or status >= 500:
        return None  # core's own words
    return verdict_for_status(status, message=message, retry_after=answer.headers.get("retry-after"))


def _body_of(answer: Answer) -> dict[str, Any]:
    try:
        body = answer.json()
    except WrenError:
        return {}
    return body if isinstance(body, dict) else {}


def _explain(answer: Answer, body: dict[str, Any]) -> str:
    """Return GitHub's message with its errors about individual fields."""
    if not body:
        return summary(answer.text)
    errors = body.get("errors") or []
    fields = [_field_error(item) for item in (errors if isinstance(errors, list) else [errors])]
    return summary("; ".join([str(body.get("message", "no explanation")), *fields]))


def _field_error(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    return str(error.get("message") or " ".join(str(error[key]) for key in ("field", "code") if key in error))


def _is_rate_limit(headers: Mapping[str, str], explanation: str, body: dict[str, Any], *, status: int) -> bool:
    """Tell whether a refusal is one because of the rate: GitHub says so in a header, in words, or by a page."""
    if status != 422 and (headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers):
        return True
    page = str(body.get("documentation_url") or "") if status != 422 else ""
    return bool(_TOO_FAST.search(explanation) or _TOO_FAST_PAGE.search(page))


def _pause(headers: Mapping[str, str], explanation: str) -> float | None:
    asked, reset = parse_retry_after(headers.get("retry-after")), headers.get("x-ratelimit-reset", "")
    if asked is not None:
        return asked
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(0.0, int(reset) - time.time())
    return _SECONDARY_SECONDS if _SECONDARY.search(explanation) else None
