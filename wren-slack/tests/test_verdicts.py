import pytest

from wren_core import (
    AuthFailed,
    InvalidInput,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    UserFacingConfigError,
)
from wren_slack.verdicts import upload_verdict, verdict

CODES = {
    AuthFailed: ["account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"],
    NotFound: [
        "channel_not_found",
        "file_not_found",
        "message_not_found",
        "thread_not_found",
        "user_not_found",
        "users_not_found",
    ],
    InvalidInput: [
        "bad_timestamp",
        "cannot_reply_to_message",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_channel",
        "invalid_charset",
        "invalid_cursor",
        "invalid_form_data",
        "invalid_json",
        "invalid_limit",
        "invalid_name",
        "invalid_post_type",
        "invalid_ts_latest",
        "invalid_ts_oldest",
        "json_not_object",
        "missing_argument",
        "missing_post_type",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_item_specified",
        "no_text",
        "too_many_attachments",
    ],
    Unavailable: ["fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"],
    RateLimited: ["rate_limited", "ratelimited"],
    Rejected: [
        "already_reacted",
        "cant_delete_message",
        "cant_update_message",
        "ekm_access_denied",
        "is_archived",
        "no_permission",
        "restricted_action",
        "some_code_of_next_year",
    ],
}


@pytest.mark.parametrize(("expected", "code"), [(error, code) for error, codes in CODES.items() for code in codes])
def test_each_code_of_slack_has_its_error(expected, code):
    error = verdict("chat.postMessage", {"ok": False, "error": code})

    assert type(error) is expected
    assert error.details == {"api_method": "chat.postMessage", "slack_error": code}
    assert str(error).startswith("chat.postMessage: ")


def test_a_missing_scope_error_has_the_needed_and_provided_scopes():
    body = {"ok": False, "error": "missing_scope", "needed": "users:read", "provided": "chat:write,files:write"}

    error = verdict("users.list", body)

    assert type(error) is UserFacingConfigError
    assert error.code == "OAUTH_SCOPE_MISSING"
    assert error.details["slack_error"] == "missing_scope"
    assert error.details["needed"] == ["users:read"]
    assert error.details["provided"] == ["chat:write", "files:write"]
    assert "users.list needs the scope users:read; the connection has chat:write,files:write" in str(error)


def test_not_in_channel_says_to_invite_the_app():
    error = verdict("chat.postMessage", {"ok": False, "error": "not_in_channel"})

    assert type(error) is UserFacingConfigError
    assert error.code == "NOT_IN_CHANNEL"
    assert "/invite" in str(error)


def test_a_rate_limit_has_slacks_retry_after():
    error = verdict("chat.postMessage", {"ok": False, "error": "ratelimited"}, status=429, retry_after="30")

    assert type(error) is RateLimited
    assert error.retry_after_ms == 30_000
    assert error.can_retry


def test_a_429_without_slacks_own_code_is_a_rate_limit_too():
    error = verdict("users.list", {}, status=429, retry_after="2")

    assert type(error) is RateLimited
    assert error.retry_after == 2


@pytest.mark.parametrize(
    ("status", "expected"), [(401, AuthFailed), (408, Unavailable), (500, Unavailable), (502, Unavailable)]
)
def test_the_http_status_decides_without_a_known_code(status, expected):
    error = verdict("users.list", {"error": "Received a response in a non-JSON format: <html>"}, status=status)

    assert type(error) is expected
    assert f"users.list: HTTP {status}" in str(error)


def test_retry_after_is_kept_when_slack_is_unavailable():
    error = verdict("users.list", {"error": "service_unavailable"}, status=503, retry_after="4")

    assert type(error) is Unavailable
    assert error.retry_after_ms == 4000


@pytest.mark.parametrize("body", [{"error": "Received a response in a non-JSON format: <html>"}, {}])
def test_a_response_that_is_not_from_slack_suggests_the_base_url(body):
    error = verdict("users.list", body, status=200)

    assert type(error) is UserFacingConfigError
    assert error.code == "NOT_SLACK"
    assert "base URL" in str(error)


def test_slacks_messages_about_arguments_are_included():
    body = {"error": "invalid_arguments", "response_metadata": {"messages": ["[ERROR] missing required field: ts"]}}

    error = verdict("chat.update", body)

    assert "[ERROR] missing required field: ts" in str(error)


def test_every_known_code_comes_with_a_next_step():
    known = [code for error, codes in CODES.items() if error is not RateLimited for code in codes]
    unknown = {"already_reacted", "some_code_of_next_year"}

    without = [code for code in known if code not in unknown and "; " not in str(verdict("x", {"error": code}))]

    assert without == []


@pytest.mark.parametrize(
    ("status", "expected"), [(403, Rejected), (404, NotFound), (429, RateLimited), (503, Unavailable)]
)
def test_a_refused_upload_is_classified_by_its_http_status(status, expected):
    error = upload_verdict(status, "because", None)

    assert type(error) is expected
    assert str(error) == f"file upload: HTTP {status} because"
