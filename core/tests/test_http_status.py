import io
import urllib.error
from datetime import UTC, datetime
from email.message import Message

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wren_core.errors import AuthFailed, InvalidInput, NotFound, RateLimited, Rejected, Unavailable
from wren_core.http_status import parse_retry_after, raise_for_response, verdict_for_exception, verdict_for_status

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((400, Rejected), (401, AuthFailed), (403, Rejected), (404, NotFound), (408, Unavailable), (409, Rejected)),
        *((410, NotFound), (422, Rejected), (429, RateLimited), (500, Unavailable), (503, Unavailable)),
    ],
)
def test_each_status_has_its_verdict(status, verdict):
    assert type(verdict_for_status(status, message="no")) is verdict


@pytest.mark.parametrize("status", [200, 204, 304, 399])
def test_success_and_redirects_have_none(status):
    assert verdict_for_status(status, message="fine") is None


def test_a_refusal_keeps_its_status():
    verdict = verdict_for_status(422, message="no")

    assert verdict is not None
    assert verdict.details == {"status": 422}


def test_a_forbidden_that_asks_for_a_pause_is_a_rate_limit():
    verdict = verdict_for_status(403, message="secondary limit", retry_after="60")

    assert isinstance(verdict, RateLimited)
    assert verdict.retry_after == 60


def test_an_outage_carries_its_pause():
    verdict = verdict_for_status(503, message="down", retry_after="2.5")

    assert verdict is not None
    assert verdict.retry_after_ms == 2500


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *((None, None), ("", None), ("soon", None), ("0", 0.0), ("7", 7.0), ("1.5", 1.5), ("-3", 0.0)),
        *(("inf", None), ("nan", None), ("1e400", None)),
        ("Sat, 01 Mar 2025 12:00:30 GMT", 30.0),
        ("Sat, 01 Mar 2025 12:00:30 -0000", 30.0),
        ("Sat, 01 Mar 2025 14:00:30 +0200", 30.0),
        ("Sat, 01 Mar 2025 11:00:00 GMT", 0.0),
        ("Sat, 01 Mar 99999 11:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert parse_retry_after(header, now=NOW) == seconds


def test_without_a_now_a_date_is_counted_from_the_clock():
    assert parse_retry_after("Sat, 01 Jan 2000 00:00:00 GMT") == 0.0
    assert parse_retry_after("Sat, 01 Jan 2050 00:00:00 GMT") > 0.0


@given(st.text())
def test_no_header_breaks_the_reading_of_it(header):
    seconds = parse_retry_after(header, now=NOW)

    assert seconds is None or seconds >= 0


def test_raise_for_response_names_the_integration_the_status_and_the_message():
    response = httpx2.Response(422, text="  channel\n is   archived ")

    with pytest.raises(Rejected, match=r"^slack answered 422: channel is archived$"):
        raise_for_response(response, integration="slack")


def test_raise_for_response_returns_on_success():
    assert raise_for_response(httpx2.Response(204), integration="slack") is None


@pytest.mark.parametrize("headers", [httpx2.Headers({"Retry-After": "9"}), {"Retry-After": "9"}, {"retry-after": "9"}])
def test_headers_are_found_in_any_case(headers):
    class Answer:
        status_code = 429
        text = "slow down"

    answer = Answer()
    answer.headers = headers

    with pytest.raises(RateLimited) as caught:
        raise_for_response(answer, integration="x")

    assert caught.value.retry_after == 9


@pytest.mark.parametrize("headers", [{"X-Other": "9"}, {}, None])
def test_without_the_header_the_pause_is_unknown(headers):
    class TooManyError(Exception):
        status_code = 429

    exc = TooManyError()
    exc.headers = headers

    verdict = verdict_for_exception(exc)

    assert isinstance(verdict, RateLimited)
    assert verdict.retry_after is None


@pytest.mark.parametrize("code", [7, 399, 600, 1045, "404", None])
def test_a_code_that_is_no_http_status_is_not_read_as_one(code):
    class CodedError(Exception):
        pass

    exc = CodedError()
    exc.code = code

    assert verdict_for_exception(exc) is None


def test_a_long_answer_is_cut():
    response = httpx2.Response(500, text="x" * 1_000_000)

    with pytest.raises(Unavailable) as caught:
        raise_for_response(response, integration="x")

    assert len(str(caught.value)) < 400


def test_a_verdict_is_its_own_verdict():
    error = InvalidInput("no")

    assert verdict_for_exception(error) is error


def test_an_exception_with_a_response_is_read_like_the_response():
    request = httpx2.Request("GET", "https://api.example/x")
    exc = httpx2.HTTPStatusError("429", request=request, response=httpx2.Response(429, headers={"Retry-After": "3"}))

    verdict = verdict_for_exception(exc)

    assert isinstance(verdict, RateLimited)
    assert verdict.retry_after == 3


def test_an_exception_that_is_the_answer_is_read_itself():
    headers = Message()
    headers["Retry-After"] = "4"
    exc = urllib.error.HTTPError("https://api.example/x", 404, "Not Found", headers, io.BytesIO())

    verdict = verdict_for_exception(exc)
    exc.close()

    assert isinstance(verdict, NotFound)


@pytest.mark.parametrize(
    "exc",
    [
        *(TimeoutError("slow"), ConnectionRefusedError("no"), urllib.error.URLError("no route")),
        *(httpx2.ConnectError("no"), httpx2.ReadTimeout("slow"), httpx2.RemoteProtocolError("cut")),
    ],
)
def test_an_unreachable_provider_is_unavailable(exc):
    assert isinstance(verdict_for_exception(exc), Unavailable)


@pytest.mark.parametrize("exc", [ValueError("x"), KeyError("x"), FileNotFoundError("x"), RuntimeError("404")])
def test_an_exception_without_an_answer_has_no_verdict(exc):
    assert verdict_for_exception(exc) is None


def test_a_response_that_is_no_http_answer_has_no_verdict():
    class BotoError(Exception):
        response = {"Error": {"Code": "AccessDenied"}}

    assert verdict_for_exception(BotoError("no")) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("error for 'https://api.example/v1?key=S3CRET&q=a'", "error for 'https://api.example/v1?***'"),
        ("Max retries exceeded with url: /v1?api_key=S3CRET (Caused by X)", "with url: /v1?*** (Caused by X)"),
        ("no route to https://user:S3CRET@api.example/v1", "no route to https://***@api.example/v1"),
        ("are you sure? yes", "are you sure? yes"),
    ],
)
def test_the_key_in_a_url_is_not_repeated(text, shown):
    verdict = verdict_for_exception(ConnectionError(text))

    assert verdict is not None
    assert "S3CRET" not in str(verdict)
    assert shown in str(verdict)
