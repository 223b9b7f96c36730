import socket
import threading
import time
from urllib.parse import urlsplit

import httpx2
import pytest

from wren_core.testing import FakeProvider, FakeResponse, FakeTcpProvider, SharedFakeServer, route, serve
from wren_core.testing.patience import patience


class Hello(FakeProvider):
    @route("GET", "/")
    def hello(self, request):
        return FakeResponse(body={"hello": True})


def test_an_app_is_served_on_the_loopback_during_the_block():
    with serve(Hello()) as url:
        answer = httpx2.get(url)

    assert urlsplit(url).hostname == "127.0.0.1"
    assert answer.json() == {"hello": True}
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


def test_a_given_port_is_used():
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


def test_two_servers_run_in_parallel():
    with serve(Hello()) as one, serve(Hello()) as two:
        assert one != two
        assert httpx2.get(one).json() == httpx2.get(two).json()


class Echo(FakeTcpProvider):
    name, scheme = "echo", "echo"

    def handle_client(self, stream):
        for line in stream:
            stream.write(line.upper())
            stream.flush()


def connection_to(url):
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=patience(5))


def test_a_fake_without_http_is_served_the_same_way():
    with serve(Echo()) as url, connection_to(url) as one, connection_to(url) as two:
        one.sendall(b"hello\n")
        two.sendall(b"world\n")
        answers = one.recv(100), two.recv(100)

    assert urlsplit(url).scheme == "echo"
    assert answers == (b"HELLO\n", b"WORLD\n")
    with pytest.raises(ConnectionRefusedError):
        connection_to(url)


def test_connections_to_a_fake_without_http_are_closed_after_the_block():
    others = set(threading.enumerate())

    with serve(Echo()) as url:
        client = connection_to(url)
        client.sendall(b"hello\n")
        client.recv(100)

    assert client.recv(100) == b""
    client.close()
    assert [thread for thread in set(threading.enumerate()) - others if thread.name.startswith("wren-fake")] == []


def test_a_fake_without_http_can_close_connections_and_accept_new_ones():
    fake = Echo()
    with serve(fake) as url, connection_to(url) as old:
        old.sendall(b"hello\n")
        old.recv(100)

        fake.drop_clients()

        assert old.recv(100) == b""
        with connection_to(url) as new:
            new.sendall(b"again\n")
            assert new.recv(100) == b"AGAIN\n"


def test_a_fake_without_http_uses_a_given_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    with serve(Echo(), port=port) as url:
        assert url == f"echo://127.0.0.1:{port}"


def test_a_fake_without_http_can_drop_and_delay_clients():
    fake = Echo()
    with serve(fake) as url:
        fake.drop_next()
        with connection_to(url) as dropped:
            gone = dropped.recv(100)
        fake.delay_next(0.01)
        with connection_to(url) as waiting:
            waiting.sendall(b"hello\n")
            late = waiting.recv(100)
        fake.delay_next(60, times=9)
        fake.end_faults()
        with connection_to(url) as served:
            served.sendall(b"again\n")
            again = served.recv(100)

    assert (gone, late, again) == (b"", b"HELLO\n", b"AGAIN\n")
    assert fake.connections == 3
    assert fake.example_values() == {}


def test_a_response_does_not_wait_for_the_clients_acknowledgement():
    """Head and body are two writes: with Nagle's algorithm the second of each takes 40 ms on a kept connection."""
    with serve(Hello()) as url, httpx2.Client(base_url=url) as client:
        client.get("/")
        started = time.perf_counter()
        for _ in range(20):
            client.get("/")
        seconds = time.perf_counter() - started

    assert seconds < patience(20 * 0.04)


def test_one_server_serves_the_current_fake():
    fake_server = SharedFakeServer()

    with serve(fake_server) as fake_server.url:
        fakes = [FakeProvider(), FakeProvider()]
        for fake, path in zip(fakes, ("/one", "/two"), strict=True):
            fake_server.fake = fake
            httpx2.get(f"{fake_server.url}{path}")

    assert [[request.path for request in fake.requests] for fake in fakes] == [["/one"], ["/two"]]
