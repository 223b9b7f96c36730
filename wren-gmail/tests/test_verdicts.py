import json

import pytest

from wren_core import AuthFailed, NotFound, RateLimited, Rejected, Unavailable, UserFacingConfigError
from wren_gmail.fake_wire import google_error
from wren_gmail.verdicts import verdict


def judge(status, message="No.", *, retry_after=None, **extra):
    body = json.dumps(google_error(status, message, **extra)).encode()
    return verdict(status, body, request="GET /x", retry_after=retry_after)


@pytest.mark.parametrize(
    ("status", "extra", "cls", "code"),
    [
        (400, {}, Rejected, "REJECTED"),
        (401, {}, AuthFailed, "AUTH_FAILED"),
        (403, {"reason": "insufficientPermissions"}, UserFacingConfigError, "OAUTH_SCOPE_MISSING"),
        (
            403,
            {"reason": "x", "detail": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"},
            UserFacingConfigError,
            "OAUTH_SCOPE_MISSING",
        ),
        (403, {"reason": "rateLimitExceeded"}, RateLimited, "RATE_LIMITED"),
        (403, {"reason": "userRateLimitExceeded"}, RateLimited, "RATE_LIMITED"),
        (403, {"reason": "accessNotConfigured"}, UserFacingConfigError, "CONFIGURATION_REQUIRED"),
        (403, {"reason": "domainPolicy"}, UserFacingConfigError, "CONFIGURATION_REQUIRED"),
        (403, {"reason": "forbidden"}, Rejected, "REJECTED"),
        (404, {}, NotFound, "NOT_FOUND"),
        (429, {}, RateLimited, "RATE_LIMITED"),
        (500, {}, Unavailable, "PROVIDER_UNAVAILABLE"),
        (503, {}, Unavailable, "PROVIDER_UNAVAILABLE"),
    ],
)
def test_each_error_of_google_has_its_verdict(status, extra, cls, code):
    error = judge(status, "No, because.", **extra)

    assert type(error) is cls
    assert error.code == code
    assert error.message.startswith(f"gmail answered {status} to GET /x: No, because.")


@pytest.mark.parametrize(("status", "reason"), [(429, "rateLimitExceeded"), (403, "userRateLimitExceeded")])
def test_a_rate_limit_has_the_pause(status, reason):
    assert judge(status, reason=reason, retry_after="7").retry_after == 7.0


@pytest.mark.parametrize("status", [401, 403])
def test_configuration_errors_name_the_next_step(status):
    assert "`wren connect gmail`" in judge(status).message


@pytest.mark.parametrize("status", [200, 204, 302])
def test_success_has_no_verdict(status):
    assert verdict(status, b"", request="GET /x") is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad Gateway</html>", b"[]", b'{"error": "text"}', b'{"error": {}}', b"\xff", b"[" * 100_000]
)
def test_an_unknown_error_body_has_a_verdict(body):
    error = verdict(502, body, request="GET /x")

    assert type(error) is Unavailable
    assert len(error.message) < 400
