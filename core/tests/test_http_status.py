import errno
import io
import socket
import urllib.error
from datetime import UTC, datetime
from email.message import Message

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wren_core.errors import AuthFailed, InvalidInput, NotFound, RateLimited, Rejected, Unavailable
from wren_core.http_status import (
    parse_retry_after,
    raise_for_response,
    verdict_for_exception,
    verdict_for_status,
    was_never_sent,
)

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
def test_success_and_redirects_have_no_verdict(status):
    assert verdict_for_status(status, message="fine") is None


def test_a_rejected_error_has_the_status_in_its_details():
    verdict = verdict_for_status(422, message="no")

    assert verdict is not None
    assert verdict.details == {"status": 422}


def test_a_403_with_retry_after_is_a_rate_limit():
    verdict = verdict_for_status(403, message="secondary limit", retry_after="60")

    assert isinstance(verdict, RateLimited)
    assert verdict.retry_after == 60


def test_an_unavailable_error_has_the_requested_pause():
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


def test_a_retry_after_date_is_compared_with_the_clock_by_default():
    assert parse_retry_after("Sat, 01 Jan 2000 00:00:00 GMT") == 0.0
    assert parse_retry_after("Sat, 01 Jan 2050 00:00:00 GMT") > 0.0


@given(st.text())
def test_any_retry_after_header_can_be_read(header):
    seconds = parse_retry_after(header, now=NOW)

    assert seconds is None or seconds >= 0


def test_raise_for_response_names_the_integration_the_status_and_the_text():
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
def test_a_rate_limit_without_the_header_has_no_pause(headers):
    class TooManyError(Exception):
        status_code = 429

    exc = TooManyError()
    exc.headers = headers

    verdict = verdict_for_exception(exc)

    assert isinstance(verdict, RateLimited)
    assert verdict.retry_after is None


@pytest.mark.parametrize("code", [7, 399, 600, 1045, "404", None])
def test_a_code_outside_the_http_statuses_is_ignored(code):
    class CodedError(Exception):
        pass

    exc = CodedError()
    exc.code = code

    assert verdict_for_exception(exc) is None


def test_a_long_answer_is_truncated():
    response = httpx2.Response(500, text="x" * 1_000_000)

    with pytest.raises(Unavailable) as caught:
        raise_for_response(response, integration="x")

    assert len(str(caught.value)) < 400


def test_a_wren_error_is_returned_unchanged():
    error = InvalidInput("no")

    assert verdict_for_exception(error) is error


def test_an_exception_with_a_response_is_read_like_the_response():
    request = httpx2.Request("GET", "https://api.example/x")
    exc = httpx2.HTTPStatusError("429", request=request, response=httpx2.Response(429, headers={"Retry-After": "3"}))

    verdict = verdict_for_exception(exc)

    assert isinstance(verdict, RateLimited)
    assert verdict.retry_after == 3


def test_an_exception_that_is_also_a_response_is_read():
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


class LibraryError(Exception):
    """The base class of the errors of a library."""


def error_of_library(*names: str) -> Exception:
    """Return an exception of a class whose bases have the other names, the most general one last."""
    base: type[Exception] = LibraryError
    for name in reversed(names):
        base = type(name, (base,), {})
    return base("WRONGPASS invalid username-password pair")


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        (["AuthenticationError", "ConnectionError"], AuthFailed),
        (["AuthenticationWrongNumberOfArgsError", "AuthenticationError", "ConnectionError"], AuthFailed),
        (["ProbableAuthenticationError", "TransportError"], AuthFailed),
        (["InvalidPasswordError", "ConnectionError"], AuthFailed),
        (["BadCredentialsException"], AuthFailed),
        (["LoginError", "TimeoutError"], AuthFailed),
        (["TokenExpiredError", "ConnectionError"], AuthFailed),
        (["AuthorizationError", "ConnectionError"], Rejected),
        (["AccessRefused", "ConnectionError"], Rejected),
        (["NoPermissionError"], Rejected),
        (["BusyLoadingError", "ConnectionError"], Unavailable),
        (["ReadError", "NetworkError", "TransportError"], Unavailable),
        (["ConnectionError", "AuthenticationError"], Unavailable),
    ],
)
def test_the_most_specific_known_class_decides(names, verdict):
    assert type(verdict_for_exception(error_of_library(*names))) is verdict


@pytest.mark.parametrize("names", [["AuthorError"], ["TokenizerError"], ["PasswordTooShort"], ["UserError"]])
def test_names_that_only_look_similar_decide_nothing(names):
    assert verdict_for_exception(error_of_library(*names)) is None


@pytest.mark.parametrize("attribute", ["status", "http_status", "status_code", "code"])
def test_libraries_name_their_status_differently(attribute):
    exc = LibraryError("no")
    setattr(exc, attribute, 404)

    assert isinstance(verdict_for_exception(exc), NotFound)


def raised_from(exc: Exception, cause: Exception) -> Exception:
    exc.__cause__ = cause
    return exc


@pytest.mark.parametrize(
    ("exc", "nothing_done"),
    [
        (ConnectionRefusedError("no"), True),
        (socket.gaierror(-2, "Name or service not known"), True),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), True),
        (httpx2.ConnectError("no"), True),
        (httpx2.ConnectTimeout("slow"), True),
        (urllib.error.URLError(ConnectionRefusedError("no")), True),
        (raised_from(error_of_library("APIConnectionError"), httpx2.ConnectError("no")), True),
        (error_of_library("ConnectTimeout", "ConnectionError"), True),
        (ConnectionResetError("reset"), False),
        (BrokenPipeError("broken"), False),
        (TimeoutError("slow"), False),
        (httpx2.ReadTimeout("slow"), False),
        (httpx2.RemoteProtocolError("cut"), False),
        (urllib.error.URLError(TimeoutError("slow")), False),
        (raised_from(error_of_library("APITimeoutError"), httpx2.ReadTimeout("slow")), False),
    ],
)
def test_only_a_failure_to_connect_proves_that_nothing_was_sent(exc, nothing_done):
    assert was_never_sent(exc) is nothing_done


def test_the_verdict_says_that_nothing_was_sent():
    refused = verdict_for_exception(ConnectionRefusedError("no"))
    lost = verdict_for_exception(ConnectionResetError("reset"))

    assert isinstance(refused, Unavailable)
    assert isinstance(lost, Unavailable)
    assert (refused.nothing_done, lost.nothing_done) == (True, False)


@pytest.mark.parametrize("exc", [ValueError("x"), KeyError("x"), FileNotFoundError("x"), RuntimeError("404")])
def test_an_unrelated_exception_has_no_verdict(exc):
    assert verdict_for_exception(exc) is None


def test_a_response_without_an_http_status_has_no_verdict():
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
