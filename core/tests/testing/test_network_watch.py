import socket
from contextlib import suppress

import pytest

from wren_core.testing.network_watch import is_loopback, watch_connections


@pytest.fixture
def listening_address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def test_an_allowed_address_is_reached_and_recorded(listening_address):
    expected = f"127.0.0.1:{listening_address[1]}"

    with (
        watch_connections(lambda address: address == expected) as addresses,
        socket.create_connection(listening_address),
    ):
        pass

    assert (addresses.allowed, addresses.refused) == ([expected], [])


@pytest.mark.parametrize(
    ("address", "recorded"), [(("192.0.2.1", 80), "192.0.2.1:80"), (("shop.example", 443), "shop.example:443")]
)
def test_another_address_is_refused_before_a_packet_or_a_lookup_is_sent(address, recorded):
    refused = pytest.raises(ConnectionRefusedError, match="a check contacts nothing else")

    with watch_connections(is_loopback) as addresses, refused:
        socket.create_connection(address, timeout=1)

    assert addresses.refused == [recorded]


def test_another_port_of_this_machine_is_refused(listening_address):
    with watch_connections(lambda address: address == "127.0.0.1:1") as addresses, suppress(OSError):
        socket.create_connection(("localhost", listening_address[1]), timeout=1)

    assert addresses.refused[-1].endswith(f":{listening_address[1]}")


def test_connections_are_not_watched_after_the_block(listening_address):
    with watch_connections(lambda _: False) as addresses:
        pass

    socket.create_connection(listening_address).close()
    assert addresses.refused == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1:80", True), ("::1:80", True), ("localhost:80", True), ("10.0.0.1:80", False), ("a.example:80", False)],
)
def test_loopback_addresses_are_recognised(address, expected):
    assert is_loopback(address) is expected
