import socket
from contextlib import suppress

import pytest

from wren_core.testing.contacts import is_loopback, watched


@pytest.fixture
def home():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def test_an_allowed_place_is_reached_and_noted(home):
    place = f"127.0.0.1:{home[1]}"

    with watched(lambda found: found == place) as contacts, socket.create_connection(home):
        pass

    assert (contacts.met, contacts.strangers) == ([place], [])


@pytest.mark.parametrize(
    ("place", "noted"), [(("192.0.2.1", 80), "192.0.2.1:80"), (("shop.example", 443), "shop.example:443")]
)
def test_a_stranger_is_noted_before_anything_is_sent_or_looked_up(place, noted):
    refused = pytest.raises(ConnectionRefusedError, match="a check contacts nothing else")

    with watched(is_loopback) as contacts, refused:
        socket.create_connection(place, timeout=1)

    assert contacts.strangers == [noted]


def test_another_port_of_this_machine_is_a_stranger(home):
    with watched(lambda place: place == "127.0.0.1:1") as contacts, suppress(OSError):
        socket.create_connection(("localhost", home[1]), timeout=1)

    assert contacts.strangers[-1].endswith(f":{home[1]}")


def test_nobody_watches_afterwards(home):
    with watched(lambda _: False) as contacts:
        pass

    socket.create_connection(home).close()
    assert contacts.strangers == []


@pytest.mark.parametrize(
    ("place", "expected"),
    [("127.0.0.1:80", True), ("::1:80", True), ("localhost:80", True), ("10.0.0.1:80", False), ("a.example:80", False)],
)
def test_this_machine_is_known(place, expected):
    assert is_loopback(place) is expected
