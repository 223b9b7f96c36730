"""Convert Slack's `ok: false` to the right error.

Slack returns 200 and an error code where other providers use HTTP statuses, so the integration needs this table. An
unknown code becomes `Rejected`, with the code in the message and in `details`.
"""

from collections.abc import Mapping
from typing import Any

from wren_core import (
    AuthFailed,
    InvalidInput,
    NotFound,
    RateLimited,
    Rejected,
    TransientError,
    Unavailable,
    UserFacingConfigError,
    WrenError,
)
from wren_core.errors import milliseconds
from wren_core.http_status import parse_retry_after, verdict_for_status

# Error class, next step, and Slack's codes for it.
_TABLE: tuple[tuple[type[WrenError], str, str], ...] = (
    (
        AuthFailed,
        "connect Slack again: `wren connect slack`",
        "account_inactive invalid_auth not_authed token_expired token_revoked",
    ),
    (
        NotFound,
        "slack.channels() lists the channels that the app can see; invite the app to a private channel first",
        "channel_not_found",
    ),
    (NotFound, "check the ts and that it belongs to this channel", "message_not_found thread_not_found"),
    (NotFound, "slack.users() lists all people", "user_not_found users_not_found"),
    (NotFound, "check the file's ID", "file_not_found"),
    (InvalidInput, "shorten the text, or upload it as a file", "msg_too_long msg_blocks_too_long"),
    (InvalidInput, "pass some text", "no_text"),
    (InvalidInput, "use the name of an emoji, such as `thumbsup`", "invalid_name"),
    (
        InvalidInput,
        "correct the arguments",
        "bad_timestamp cannot_reply_to_message invalid_arg_name invalid_arguments invalid_array_arg invalid_blocks "
        "invalid_blocks_format invalid_channel invalid_charset invalid_cursor invalid_form_data invalid_json "
        "invalid_limit invalid_post_type invalid_ts_latest invalid_ts_oldest json_not_object missing_argument "
        "missing_post_type no_item_specified too_many_attachments",
    ),
    (
        Unavailable,
        "try again later",
        "fatal_error internal_error request_timeout service_unavailable team_added_to_org",
    ),
    (Rejected, "unarchive the channel or use another one", "is_archived"),
    (Rejected, "the app may change only its own messages", "cant_delete_message cant_update_message"),
    (Rejected, "a workspace administrator must allow it", "ekm_access_denied no_permission restricted_action"),
)
_VERDICTS = {code: (error, step) for error, step, codes in _TABLE for code in codes.split()}
_RATE_LIMITED = frozenset({"message_limit_exceeded", "rate_limited", "ratelimited"})
_REFUSED = frozenset({"request_timeout", "team_added_to_org"})
"""Transient codes for requests that Slack did not carry out: they broke off, or the workspace is being moved."""


def verdict(
    api_method: str, body: Mapping[str, Any], *, status: int = 200, retry_after: str | None = None
) -> WrenError:
    """Return the error for a failed call.

    Args:
        api_method: name of the called method, such as `chat.postMessage`.
        body: Slack's response; empty if it was not a JSON object.
        status: the HTTP status; 200 for nearly all errors.
        retry_after: the Retry-After header.
    """
    code = str(body.get("error") or "")
    details = {"api_method": api_method, "slack_error": code}
    if status == 429 or code in _RATE_LIMITED:
        return RateLimited(f"{api_method}: too many requests", parse_retry_after(retry_after), details=details)
    if code == "missing_scope":
        return _scope_missing(api_method, body)
    if code == "not_in_channel":
        message = (
            f"{api_method}: the app is not in the channel; open the channel in Slack and type `/invite @<the app>`"
        )
        return UserFacingConfigError(message, code="NOT_IN_CHANNEL", details=details)
    if code in _VERDICTS:
        error, step = _VERDICTS[code]
        pause = milliseconds(parse_retry_after(retry_after))
        found = error(f"{api_method}: {code}{_hints(body)}; {step}", retry_after_ms=pause, details=details)
        if isinstance(found, TransientError):
            found.nothing_done = code in _REFUSED
        return found
    if status in (401, 408) or status >= 500:
        return _by_status(api_method, status, retry_after, code)
    if code.isidentifier():
        return Rejected(f"{api_method}: Slack refused: {code}{_hints(body)}", details=details)
    message = f"{api_method}: HTTP {status} {code}: the response is not from Slack; check the base URL and the proxy"
    return UserFacingConfigError(message, code="NOT_SLACK", details=details)


def upload_verdict(status: int, reason: str, retry_after: str | None) -> WrenError:
    """Return the error for a refused upload; uploads use HTTP statuses."""
    return _by_status("file upload", status, retry_after, reason)


def _by_status(what: str, status: int, retry_after: str | None, reason: str) -> WrenError:
    message = f"{what}: HTTP {status} {reason}".rstrip()
    return verdict_for_status(status, message=message, retry_after=retry_after) or Rejected(message)


def _scope_missing(api_method: str, body: Mapping[str, Any]) -> UserFacingConfigError:
    needed, provided = str(body.get("needed") or "unknown"), str(body.get("provided") or "none")
    return UserFacingConfigError(
        f"{api_method} needs the scope {needed}; the connection has {provided}. Connect Slack again and grant it: "
        "`wren connect slack`",
        code="OAUTH_SCOPE_MISSING",
        details={
            "api_method": api_method,
            "slack_error": "missing_scope",
            "needed": needed.split(","),
            "provided": provided.split(","),
        },
    )


def _hints(body: Mapping[str, Any]) -> str:
    """Return Slack's messages about the arguments, if there are any."""
    messages = (body.get("response_metadata") or {}).get("messages") or ()
    return "".join(f" {message}" for message in messages)
