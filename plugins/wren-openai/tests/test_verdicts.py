import json

import pytest

from wren_core.ai.refusals import AnswerLost
from wren_core.errors import AuthFailed, NotFound, RateLimited, Rejected, Unavailable, UserFacingConfigError
from wren_core.testing import Chunks


def error(code, *, kind="invalid_request_error"):
    return {"error": {"message": "said why", "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "invalid_value", Rejected),
        (401, "invalid_api_key", AuthFailed),
        (403, "unsupported_country", UserFacingConfigError),
        (404, "model_not_found", NotFound),
        (422, None, Rejected),
        (429, "rate_limit_exceeded", RateLimited),
        (500, None, Unavailable),
        (503, "overloaded", Unavailable),
    ],
)
def test_each_error_response_raises_the_right_error(ai, fake, status, code, expected):
    fake.fail_next(status, body=error(code))

    with pytest.raises(expected, match="said why") as caught:
        ai.generate("Hi")

    assert type(caught.value) is expected
    assert len(fake.requests) == 1, "the library must not retry"


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        ("rate_limit_exceeded", "requests", RateLimited),
        (None, "rate_limit_error", RateLimited),
        (None, "server_error", Unavailable),
        ("context_length_exceeded", "invalid_request_error", Rejected),
    ],
)
def test_an_error_in_the_middle_of_a_stream_is_classified_by_its_type(ai, fake, code, kind, expected):
    fake.fail_next(200, body=Chunks(parts=[f"data: {json.dumps(error(code, kind=kind))}\n\n"]))

    with pytest.raises(expected, match="said why"):
        list(ai.stream("Hi"))


def test_retry_after_is_passed_on(ai, fake):
    fake.limit_next(retry_after=13)

    with pytest.raises(RateLimited) as caught:
        ai.generate("Hi")

    assert caught.value.retry_after == 13


def test_a_429_for_an_exhausted_quota_is_a_billing_error(ai, fake):
    fake.fail_next(429, body=error("insufficient_quota"))

    with pytest.raises(UserFacingConfigError) as caught:
        ai.generate("Hi")

    assert caught.value.code == "PROVIDER_BILLING"
    assert caught.value.action_url.startswith("https://")


def test_a_wrong_key_error_says_how_to_reconnect_without_quoting_the_key(connect):
    with pytest.raises(AuthFailed, match="wren connect openai") as caught:
        connect(key="sk-wrong-key").generate("Hi")

    assert "sk-wrong-key" not in str(caught.value.to_wire())


def test_image_errors_are_converted_like_text_errors(ai, fake):
    fake.limit_next()

    with pytest.raises(RateLimited):
        ai.generate_image("a wren")


@pytest.mark.parametrize("key", ["sk-secret-key\n", "sk-secret key", "sk-secret-k\u00e9y"])
def test_a_key_with_illegal_characters_is_refused_without_quoting_it(connect, fake, key):
    with pytest.raises(AuthFailed, match="line end") as caught:
        connect(key=key).generate("Hi")

    assert fake.requests == []
    assert "secret" not in str(caught.value.to_wire())


def test_an_unreachable_server_is_unavailable(connect):
    with pytest.raises(Unavailable, match="was not reached") as caught:
        connect(base_url="http://127.0.0.1:9").generate("Hi")

    assert not isinstance(caught.value, AnswerLost), "nothing was sent, so nothing is charged"


def test_a_stalled_server_times_out_and_may_charge_the_input(connect, fake):
    fake.delay_next(30)

    with pytest.raises(AnswerLost):
        connect(timeout_seconds=0.2).generate("Hi")


@pytest.mark.parametrize("body", ["<html>Welcome to the router</html>", {"hello": "world"}])
def test_a_response_that_is_not_from_the_api_suggests_the_base_url(ai, fake, body):
    fake.fail_next(200, body=body)

    with pytest.raises(Unavailable, match="base URL"):
        ai.generate("Hi")
