import gzip
import itertools
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta

import httpx2
import pytest

from wren_backend.connections.credentials.refresher import CLAIM_FOR
from wren_backend.connections.oauth.provider_http import (
    DEADLINE,
    TIMEOUT,
    TOTAL_SECONDS,
    AnswerTooLarge,
    AnswerUnreadable,
    BoundedTransport,
)
from wren_core.testing import FakeProvider, FakeResponse, route, serve
from wren_core.testing.patience import patience


def client_over(inner, **limits):
    return httpx2.Client(transport=BoundedTransport(httpx2.MockTransport(inner), **limits))


def test_an_answer_within_the_bounds_arrives_whole():
    client = client_over(lambda request: httpx2.Response(201, json={"a": 1}, headers={"x-y": "z"}))

    answer = client.post("https://p.test/token")

    assert (answer.status_code, answer.json(), answer.headers["x-y"]) == (201, {"a": 1}, "z")


def test_a_never_ending_answer_is_cut_at_the_limit():
    sent = itertools.count()
    endless = (b"x" * 1000 for _ in sent)
    client = client_over(lambda request: httpx2.Response(200, content=endless), max_bytes=10_000)

    with pytest.raises(AnswerTooLarge):
        client.post("https://p.test/token")

    assert next(sent) <= 13


def test_an_answer_that_trickles_ends_at_the_deadline():
    endless = (b"x" for _ in itertools.count())
    client = client_over(lambda request: httpx2.Response(200, content=endless), total_seconds=0.05, max_bytes=10**9)

    with pytest.raises(httpx2.ReadTimeout):
        client.post("https://p.test/token")


def test_a_small_answer_does_not_unpack_to_a_large_one():
    bomb = gzip.compress(b"0" * 5_000_000)
    client = client_over(
        lambda request: httpx2.Response(200, content=iter([bomb]), headers={"content-encoding": "gzip"})
    )

    with pytest.raises(AnswerTooLarge):
        client.post("https://p.test/token")


@pytest.mark.parametrize(("encoding", "content"), [("br", b"x"), ("gzip", b"no gzip")])
def test_an_answer_in_an_unknown_or_damaged_compression_is_reported_as_such(encoding, content):
    answer = httpx2.Response(200, content=iter([content]), headers={"content-encoding": encoding})
    client = client_over(lambda request: answer)

    with pytest.raises(AnswerUnreadable):
        client.post("https://p.test/token")


@pytest.fixture
def dripping_server():
    """Sends one byte of a header again and again, far within every pause that a client allows."""
    accepted = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip():
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    accepted.set()
                    with connection, suppress(OSError):
                        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                        while True:
                            connection.sendall(b"x")
                            connection.settimeout(0.02)
                            with suppress(TimeoutError):
                                connection.recv(1) or connection.close()

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", accepted
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(patience(5))


def test_headers_that_drip_end_at_the_deadline_and_leave_no_thread(dripping_server):
    url, accepted = dripping_server
    transport = BoundedTransport(total_seconds=0.3)

    with httpx2.Client(transport=transport, timeout=TIMEOUT) as client, pytest.raises(httpx2.TimeoutException):
        client.post(url)

    assert accepted.is_set()
    for thread in threading.enumerate():
        if thread.name == "wren-provider":
            thread.join(patience(5))
            assert not thread.is_alive()
    transport.dispose()


def test_requests_that_share_a_deadline_do_not_add_up(dripping_server):
    url, _ = dripping_server
    transport = BoundedTransport(total_seconds=3600)
    past = {DEADLINE: time.monotonic() - 1}

    with httpx2.Client(transport=transport, timeout=TIMEOUT) as client, pytest.raises(httpx2.TimeoutException):
        client.post(url, extensions=past)

    transport.dispose()


def test_all_attempts_of_a_refresh_end_before_its_claim():
    assert timedelta(seconds=TOTAL_SECONDS) * 2 <= CLAIM_FOR


def test_compression_is_not_asked_for():
    seen = []
    client = client_over(lambda request: seen.append(request.headers["accept-encoding"]) or httpx2.Response(200))

    client.post("https://p.test/token")

    assert seen == ["identity"]


def test_one_client_after_another_may_use_it_over_real_sockets():
    class Answers(FakeProvider):
        @route("GET", "/")
        def root(self, request):
            return FakeResponse(body={"ok": True})

    transport = BoundedTransport()
    with serve(Answers()) as url:
        for _ in range(2):
            with httpx2.Client(transport=transport) as client:
                assert client.get(url).json() == {"ok": True}

    transport.dispose()
