import socket
import threading
from urllib.parse import urlsplit

import httpx2
import pytest

from wren_core.testing import FakeProvider, FakeResponse, route, serve


class Hello(FakeProvider):
    @route("GET", "/")
    def hello(self, request):
        return FakeResponse(body={"hello": True})


def test_an_app_answers_on_the_loopback_for_the_length_of_a_block():
    with serve(Hello()) as url:
        answer = httpx2.get(url)

    assert urlsplit(url).hostname == "127.0.0.1"
    assert answer.json() == {"hello": True}
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


def test_a_chosen_port_is_used():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    with serve(Hello(), port=port) as url:
        assert url == f"http://127.0.0.1:{port}"


def test_nothing_runs_after_the_block_even_when_it_fails():
    others = set(threading.enumerate())  # servers of other tests

    def fail():
        with serve(Hello()) as url:
            httpx2.get(url)
            raise RuntimeError("test failed")

    with pytest.raises(RuntimeError, match="test failed"):
        fail()

    assert [thread for thread in set(threading.enumerate()) - others if thread.name == "wren-fake-provider"] == []


def test_two_servers_run_side_by_side():
    with serve(Hello()) as one, serve(Hello()) as two:
        assert one != two
        assert httpx2.get(one).json() == httpx2.get(two).json()
