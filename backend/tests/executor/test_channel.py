import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from wren_backend.executor.channel import FrameReader, RunChannel
from wren_backend.executor.launcher.line_buffer import LineBuffer, LineTooLong
from wren_core.protocol.calls import CallRecord
from wren_core.protocol.frames import MAX_LINE_BYTES, CallFrame, ProtocolViolation
from wren_core.testing.patience import patience

CALL = b'{"frame":"call","call":{"integration":"mail","method":"send","ms":1.5,"outcome":"ok"}}\n'


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    yield one, other
    one.close()
    other.close()


@pytest.fixture
def channel(pair: tuple[socket.socket, socket.socket]) -> Iterator[RunChannel]:
    found = RunChannel(pair[0])
    yield found
    found.close()


def test_what_is_put_wakes_the_loop_once(channel: RunChannel):
    before = select.select([channel.wake], [], [], 0)[0]
    for _ in range(100_000):
        channel.put(b"")

    assert before == []
    assert select.select([channel.wake], [], [], 0)[0] == [channel.wake]
    assert not channel.take_wake()


def test_a_reader_that_does_not_read_blocks_no_writer(channel: RunChannel, pair: tuple[socket.socket, socket.socket]):
    channel.put(b"x" * 10**6)

    assert channel.take_wake()
    assert channel.write()
    assert channel.write()


def test_everything_arrives_in_order(channel: RunChannel, pair: tuple[socket.socket, socket.socket]):
    channel.put(b"a" * 300_000)
    channel.put(b"b" * 300_000)
    received = b""

    while channel.write():
        received += pair[1].recv(10**6)
    received += pair[1].recv(10**6)

    assert received == b"a" * 300_000 + b"b" * 300_000


def test_a_dead_channel_takes_everything(channel: RunChannel, pair: tuple[socket.socket, socket.socket]):
    channel.put(b"x")
    pair[1].close()

    assert not channel.write()


def test_what_is_put_after_the_end_is_dropped(channel: RunChannel):
    channel.close()

    channel.put(b"late")

    assert channel.wake.fileno() == -1


def test_frames_are_read_from_pieces():
    reader = FrameReader()

    found = [frame for start in range(0, len(CALL) * 2, 7) for frame in reader.feed((CALL * 2)[start : start + 7])]

    assert found == [CallFrame(call=CallRecord(integration="mail", method="send", ms=1.5, outcome="ok"))] * 2


def test_a_closed_channel_differs_from_an_idle_one(channel: RunChannel, pair: tuple[socket.socket, socket.socket]):
    assert channel.read() == []
    pair[1].close()
    assert channel.read() is None


def test_a_line_that_never_ends_is_a_violation_at_the_limit():
    reader = FrameReader()
    reader.feed(b"x" * MAX_LINE_BYTES)

    with pytest.raises(ProtocolViolation, match="a line of more than 1048576 bytes"):
        reader.feed(b"x")


@pytest.mark.parametrize(("reader", "limit"), [(FrameReader(max_frames=3), "3"), (FrameReader(max_bytes=300), "300")])
def test_too_many_frames_or_bytes_of_them_are_a_violation(reader: FrameReader, limit: str):
    reader.feed(CALL * 3)

    with pytest.raises(ProtocolViolation, match=f"more than .*{limit}"):
        reader.feed(CALL)


def test_a_line_buffer_returns_whole_lines_and_keeps_the_rest():
    buffer = LineBuffer(limit=5)

    assert buffer.feed(b"ab") == []
    assert buffer.feed(b"c\n12345\n\nd") == [b"abc", b"12345", b""]
    assert buffer.feed(b"\n") == [b"d"]


@pytest.mark.parametrize("data", [b"123456", b"123456\n", b"1\n123456\n2\n"])
def test_a_line_buffer_refuses_what_exceeds_its_limit(data: bytes):
    with pytest.raises(LineTooLong):
        LineBuffer(limit=5).feed(data)


def test_a_line_that_arrives_byte_by_byte_costs_no_more_than_its_bytes():
    source = (
        "from wren_backend.executor.launcher.line_buffer import LineBuffer\n"
        "buffer = LineBuffer(limit=2**20)\n"
        "assert not any(buffer.feed(b'x') for _ in range(2**20))\n"
        "print(len(buffer.feed(b'\\n')[0]))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=patience(20), check=False
    )

    assert (ended.stdout, ended.stderr) == ("1048576\n", "")


def test_replies_that_are_not_read_are_not_made(channel: RunChannel, pair: tuple[socket.socket, socket.socket]):
    channel.put(b"x" * (MAX_LINE_BYTES + 1))
    maker = threading.Thread(target=channel.put_in_turn, args=(b"more",))
    maker.start()

    maker.join(0.1)
    is_waiting = maker.is_alive()
    pair[1].settimeout(0.05)  # the maker may not have put its reply yet when everything before it is read
    drained = b""
    while channel.write() or maker.is_alive():
        with suppress(TimeoutError):
            drained += pair[1].recv(10**6)
    maker.join()

    assert is_waiting
    assert len(drained) > 0


def test_the_end_of_a_channel_wakes_who_waits_for_room(channel: RunChannel):
    channel.put(b"x" * (MAX_LINE_BYTES + 1))
    maker = threading.Thread(target=channel.put_in_turn, args=(b"more",))
    maker.start()

    channel.close()
    maker.join(patience(10))

    assert not maker.is_alive()


@pytest.mark.parametrize("value", ["[" * 330 + "]" * 330, '{"a":' * 120 + "1" + "}" * 120])
def test_a_result_that_no_reader_could_read_is_a_violation(value: str):
    with pytest.raises(ProtocolViolation, match="nested more than 100 levels deep"):
        FrameReader().feed(f'{{"frame": "result", "value": {value}}}\n'.encode())
