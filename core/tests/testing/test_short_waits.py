import socket
import ssl
import time

import pytest

from wren_core.testing.patience import patience
from wren_core.testing.short_waits import shorten_waits


@pytest.fixture
def silent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def test_a_client_with_a_time_limit_of_a_minute_gives_up_at_once(silent):
    started = time.monotonic()

    with (
        shorten_waits(sockets=True),
        socket.create_connection(silent, timeout=60) as client,
        pytest.raises(TimeoutError),
    ):
        client.recv(1)

    assert time.monotonic() - started < patience(5)


def test_a_client_without_a_time_limit_still_has_none(silent):
    with shorten_waits(sockets=True), socket.create_connection(silent) as client:
        client.settimeout(None)

        assert client.gettimeout() is None


def test_socket_limits_are_kept_when_only_pauses_are_shortened(silent):
    with shorten_waits(sockets=False), socket.create_connection(silent, timeout=60) as client:
        assert client.gettimeout() == 60


def test_a_pause_of_a_minute_ends_at_once():
    started = time.monotonic()

    with shorten_waits(sockets=False):
        time.sleep(60)

    assert time.monotonic() - started < patience(5)


def test_certificates_are_read_only_once():
    with shorten_waits(sockets=False):
        assert ssl.create_default_context() is ssl.create_default_context()


def test_waits_have_their_real_length_after_the_block(silent):
    before = time.sleep, ssl.create_default_context

    with shorten_waits(sockets=True), shorten_waits(sockets=False):
        pass

    assert (time.sleep, ssl.create_default_context) == before
    with socket.create_connection(silent, timeout=60) as client:
        assert client.gettimeout() == 60
