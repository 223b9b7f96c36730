import json

import pytest

from wren_core.ai.refusals import AnswerLost
from wren_core.errors import AuthFailed, NotFound, RateLimited, Rejected, Unavailable, UserFacingConfigError
from wren_core.testing import Chunks


def error(kind, message="said why"):
    return {"type": "error", "error": {"type": kind, "message": message}}


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (400, "invalid_request_error", Rejected),
        (401, "authentication_error", AuthFailed),
        (403, "permission_error", UserFacingConfigError),
        (404, "not_found_error", NotFound),
        (413, "request_too_large", Rejected),
        (429, "rate_limit_error", RateLimited),
        (500, "api_error", Unavailable),
        (529, "overloaded_error", Unavailable),
    ],
)
def test_each_error_response_raises_the_right_error(claude, fake, status, kind, expected):
    fake.fail_next(status, body=error(kind))

    with pytest.raises(expected, match="said why") as caught:
        claude.generate("Hi")

    assert type(caught.value) is expected
    assert len(fake.requests) == 1, "the library must not retry"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("overloaded_error", Unavailable), ("rate_limit_error", RateLimited), ("invalid_request_error", Rejected)],
)
def test_an_error_in_the_middle_of_a_stream_is_classified_by_its_type(claude, fake, kind, expected):
    fake.fail_next(200, body=Chunks(parts=[f"event: error\ndata: {json.dumps(error(kind))}\n\n"]))

    with pytest.raises(expected, match="said why"):
        list(claude.stream("Hi"))


def test_retry_after_is_passed_on(claude, fake):
    fake.limit_next(retry_after=13)

    with pytest.raises(RateLimited) as caught:
        claude.generate("Hi")

    assert caught.value.retry_after == 13


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [(402, "billing_error", "pay"), (400, "invalid_request_error", "Your credit balance is too low")],
)
def test_an_empty_credit_balance_is_a_billing_error(claude, fake, status, kind, message):
    fake.fail_next(status, body=error(kind, message))

    with pytest.raises(UserFacingConfigError) as caught:
        claude.generate("Hi")

    assert caught.value.code == "PROVIDER_BILLING"
    assert caught.value.action_url.startswith("https://")


def test_a_wrong_key_error_says_how_to_reconnect_without_quoting_the_key(connect):
    with pytest.raises(AuthFailed, match="wren connect anthropic") as caught:
        connect(key="sk-ant-wrong-key").generate("Hi")

    assert "sk-ant-wrong-key" not in str(caught.value.to_wire())


@pytest.mark.parametrize("key", ["sk-secret-key\n", "sk-secret key", "sk-secret-k\u00e9y"])
def test_a_key_with_illegal_characters_is_refused_without_quoting_it(connect, fake, key):
    with pytest.raises(AuthFailed, match="line end") as caught:
        connect(key=key).generate("Hi")

    assert fake.requests == []
    assert "secret" not in str(caught.value.to_wire())


def test_an_unreachable_server_is_unavailable(connect):
    with pytest.raises(Unavailable, match="could not be reached") as caught:
        connect(base_url="http://127.0.0.1:9").generate("Hi")

    assert not isinstance(caught.value, AnswerLost), "nothing was sent, so nothing is charged"


def test_a_stalled_server_times_out_and_may_charge_the_input(connect, fake):
    fake.delay_next(30)

    with pytest.raises(AnswerLost):
        connect(timeout_seconds=0.2).generate("Hi")


@pytest.mark.parametrize("body", ["<html>Welcome to the router</html>", {"hello": "world"}])
def test_a_response_that_is_not_from_the_api_suggests_the_base_url(claude, fake, body):
    fake.fail_next(200, body=body)

    with pytest.raises(Unavailable, match="base URL"):
        claude.generate("Hi")
