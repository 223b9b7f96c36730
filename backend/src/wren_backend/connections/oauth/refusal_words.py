"""The codes and words in which authorization servers refuse, RFC 6749's and those of dialects: data for `refusals`."""

import re

# A dead grant: the code of RFC 6749, those of OpenID Connect for "ask the person", and of dialects.
DEAD_GRANT = frozenset(
    {
        *("invalid_grant", "invalid_code", "bad_verification_code", "invalid_auth", "account_inactive"),
        *("invalid_refresh_token", "bad_refresh_token", "refresh_token_expired", "refresh_token_revoked"),
        *("refresh_token_invalid", "refresh_token_not_found", "expired_refresh_token", "revoked_refresh_token"),
        *("invalid_token", "bad_token", "token_revoked", "token_expired", "expired_token"),
        *("interaction_required", "login_required", "consent_required", "account_selection_required"),
    }
)
BAD_CLIENT = frozenset(
    {
        *("invalid_client", "unauthorized_client", "invalid_client_id", "invalid_client_secret", "bad_client_id"),
        *("bad_client_secret", "bad_client_credentials", "incorrect_client_credentials"),
        *("invalid_client_credentials", "client_authentication_failed"),
    }
)
# Temporary failures that some providers report in the body of a 200 or 400.
TEMPORARY = frozenset(
    {
        *("server_error", "temporarily_unavailable", "service_unavailable", "internal_error", "timeout"),
        *("internal_server_error", "ratelimited", "rate_limited", "rate_limit_exceeded", "too_many_requests"),
        "slow_down",
    }
)
# Fields that hold a code, and fields that hold words, at any depth; in lower case.
CODE_KEYS = frozenset(
    {
        *("error", "code", "error_code", "errorcode", "errcode", "err", "type", "status", "name", "reason"),
        *("suberror", "error_subtype", "error_type"),
    }
)
WORD_KEYS = frozenset(
    {
        *("error_description", "error_message", "errormessage", "errmsg", "message", "msg", "error"),
        *("detail", "details", "title", "description"),
    }
)

_GRANT = "(refresh[ _-]?token|grant|session|consent|authori[sz]ation)"
_ENDED = "(invalid|expired|revoked|unknown|not found|no longer|already used|malformed|inactive|does not exist)"
DEAD_WORDS = re.compile(
    rf"\b{_GRANT}\b.{{0,80}}\b{_ENDED}\b|\b{_ENDED}\b.{{0,40}}\brefresh[ _-]?token\b",
)
CLIENT_WORDS = re.compile(
    r"\bclient (authentication|credentials|id|secret)\b|\bclient_(id|secret)\b|\bauthorization header\b|\bbasic auth"
)
