import gzip
import itertools

import httpx2
import pytest

from wren_backend.connections.oauth.provider_http import AnswerTooLarge, BoundedTransport
from wren_core.testing import FakeProvider, FakeResponse, route, serve


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


def test_a_compressed_answer_is_not_unpacked():
    bomb = gzip.compress(b"0" * 5_000_000)
    client = client_over(
        lambda request: httpx2.Response(200, content=iter([bomb]), headers={"content-encoding": "gzip"})
    )

    with pytest.raises(AnswerTooLarge):
        client.post("https://p.test/token")


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
