import socket
import ssl
import time

import pytest

from wren_core.testing.haste import hurried


@pytest.fixture
def silent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def test_a_client_that_waits_for_a_minute_gives_up_at_once(silent):
    started = time.monotonic()

    with hurried(sockets=True), socket.create_connection(silent, timeout=60) as client, pytest.raises(TimeoutError):
        client.recv(1)

    assert time.monotonic() - started < 5


def test_a_client_without_a_limit_still_has_none(silent):
    with hurried(sockets=True), socket.create_connection(silent) as client:
        client.settimeout(None)

        assert client.gettimeout() is None


def test_limits_stay_where_only_pauses_are_cut(silent):
    with hurried(sockets=False), socket.create_connection(silent, timeout=60) as client:
        assert client.gettimeout() == 60


def test_a_pause_takes_a_moment():
    started = time.monotonic()

    with hurried(sockets=False):
        time.sleep(60)

    assert time.monotonic() - started < 5


def test_certificates_are_read_once():
    with hurried(sockets=False):
        assert ssl.create_default_context() is ssl.create_default_context()


def test_afterwards_everything_takes_its_time_again(silent):
    before = time.sleep, ssl.create_default_context

    with hurried(sockets=True), hurried(sockets=False):
        pass

    assert (time.sleep, ssl.create_default_context) == before
    with socket.create_connection(silent, timeout=60) as client:
        assert client.gettimeout() == 60
