"""The proxy records requests and injects each fault exactly as often as requested."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx2
import pytest

from servers.faults import answering, delayed, dropped, held, losing_the_answer
from servers.proxy import proxy
from wren_core.testing.patience import patience


@pytest.fixture(scope="module")
def upstream():
    """Another proxy, as the upstream: it answers every request and records those that reach it."""
    with proxy("http://127.0.0.1:9") as server:
        server.inject(answering(201, b'{"from": "upstream"}', X_From="upstream"), times=None)
        yield server


@pytest.fixture
def before(upstream, start_proxy):
    upstream.requests.clear()
    return start_proxy(upstream.url)


def test_a_request_and_its_answer_pass_unchanged(before, upstream):
    answer = httpx2.post(f"{before.url}/mail/send?dry=1&x=%2F", content=b"\x00raw", headers={"X-Token": "t"})

    assert (answer.status_code, answer.json(), answer.headers["x-from"]) == (201, {"from": "upstream"}, "upstream")
    assert [(r.method, r.path, r.query, r.body) for r in upstream.requests] == [
        ("POST", "/mail/send", "dry=1&x=%2F", b"\x00raw")
    ]
    assert upstream.requests[0].headers["x-token"] == "t"


def test_recorded_requests_can_be_filtered_by_path_and_method(before):
    httpx2.get(f"{before.url}/mail/1")
    httpx2.delete(f"{before.url}/mail/1")
    httpx2.get(f"{before.url}/other")

    assert [(r.method, r.path, r.status) for r in before.seen("/mail/*")] == [
        ("GET", "/mail/1", 201),
        ("DELETE", "/mail/1", 201),
    ]
    assert [r.method for r in before.seen("/mail/*", method="DELETE")] == ["DELETE"]


def test_a_streamed_body_arrives_whole(before, upstream):
    httpx2.post(f"{before.url}/upload", content=iter([b"one,", b"two,", b"three"]))

    assert upstream.requests[0].body == b"one,two,three"


def test_several_requests_share_a_connection(before):
    with httpx2.Client() as client:
        answers = [client.get(f"{before.url}/{number}").status_code for number in range(3)]
        head = client.head(f"{before.url}/head")

    assert answers == [201, 201, 201]
    assert (head.status_code, head.content) == (201, b"")


def test_an_injected_response_is_sent_once_and_not_passed_on(before, upstream):
    before.inject(answering(401, b'{"error": "expired"}'), path="/mail/*")

    first, second = httpx2.get(f"{before.url}/mail/1"), httpx2.get(f"{before.url}/mail/1")

    assert (first.status_code, first.json()) == (401, {"error": "expired"})
    assert second.status_code == 201
    assert len(upstream.requests) == 1


def test_an_injected_rate_limit_has_retry_after(before):
    before.inject(answering(429, Retry_After="2"))

    answer = httpx2.get(before.url)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")


def test_a_fault_applies_only_to_its_path_and_method(before):
    before.inject(answering(503), path="/mail/send", method="POST")

    others = [httpx2.get(f"{before.url}/mail/send").status_code, httpx2.post(f"{before.url}/mail/1").status_code]

    assert others == [201, 201]
    assert httpx2.post(f"{before.url}/mail/send").status_code == 503


def test_faults_are_injected_in_order(before):
    before.inject(answering(500), times=2)
    before.inject(answering(429))

    assert [httpx2.get(before.url).status_code for _ in range(4)] == [500, 500, 429, 201]


def test_a_permanent_fault_stays(before):
    before.inject(answering(500), times=None)

    assert {httpx2.get(before.url).status_code for _ in range(5)} == {500}


def test_a_dropped_request_does_not_reach_the_upstream(before, upstream):
    before.inject(dropped())

    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.post(f"{before.url}/mail/send")

    assert upstream.requests == []
    assert [r.status for r in before.requests] == [None]


def test_a_request_whose_response_is_lost_reaches_the_upstream(before, upstream):
    before.inject(losing_the_answer())

    with pytest.raises(httpx2.RemoteProtocolError):
        httpx2.post(f"{before.url}/mail/send")

    assert [r.path for r in upstream.requests] == ["/mail/send"]


def test_a_request_can_reach_the_upstream_and_get_an_injected_error(before, upstream):
    before.inject(replace(answering(502), reaches_upstream=True))

    answer = httpx2.post(f"{before.url}/mail/send")

    assert answer.status_code == 502
    assert [r.path for r in upstream.requests] == ["/mail/send"]


def test_a_delay_is_longer_than_the_client_waits(before):
    before.inject(delayed(0.5))

    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(before.url, timeout=0.1)


def test_a_held_request_continues_when_the_test_releases_it(before, upstream):
    release = threading.Event()
    before.inject(held(release), path="/token")

    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(httpx2.get, f"{before.url}/token")
        passing = httpx2.get(f"{before.url}/other").status_code
        was_done = waiting.done()
        release.set()

    assert (passing, was_done, waiting.result().status_code) == (201, False, 201)


def test_requests_at_the_same_moment_are_all_recorded_and_one_gets_the_fault(before):
    before.inject(answering(401))

    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(lambda _: httpx2.get(before.url).status_code, range(16)))

    assert sorted(statuses) == [201] * 15 + [401]
    assert len(before.requests) == 16


def test_an_unreachable_upstream_is_a_bad_gateway(start_proxy):
    broken = start_proxy("http://127.0.0.1:9")

    started = time.monotonic()
    answer = httpx2.get(broken.url)

    assert answer.status_code == 502
    assert time.monotonic() - started < patience(5)
