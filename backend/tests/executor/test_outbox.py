import select
import socket
from collections.abc import Iterator

import pytest

from wren_backend.executor.outbox import Outbox


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    box = Outbox()
    yield box
    box.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    one.setblocking(False)
    yield one, other
    one.close()
    other.close()


def test_what_is_put_wakes_the_loop_once(outbox: Outbox):
    before = select.select([outbox.wake], [], [], 0)[0]
    for _ in range(100_000):
        outbox.put(b"")

    assert before == []
    assert select.select([outbox.wake], [], [], 0)[0] == [outbox.wake]
    assert not outbox.take_wake()


def test_a_reader_that_does_not_read_blocks_nobody(outbox: Outbox, pair: tuple[socket.socket, socket.socket]):
    outbox.put(b"x" * 10**6)

    assert outbox.take_wake()
    assert outbox.write_to(pair[0])
    assert outbox.write_to(pair[0])


def test_everything_arrives_in_order(outbox: Outbox, pair: tuple[socket.socket, socket.socket]):
    outbox.put(b"a" * 300_000)
    outbox.put(b"b" * 300_000)
    received = b""

    while outbox.write_to(pair[0]):
        received += pair[1].recv(10**6)
    received += pair[1].recv(10**6)

    assert received == b"a" * 300_000 + b"b" * 300_000


def test_a_dead_channel_takes_everything(outbox: Outbox, pair: tuple[socket.socket, socket.socket]):
    outbox.put(b"x")
    pair[1].close()

    assert not outbox.write_to(pair[0])


def test_what_is_put_after_the_end_is_dropped():
    outbox = Outbox()
    outbox.close()

    outbox.put(b"late")

    assert outbox.wake.fileno() == -1
