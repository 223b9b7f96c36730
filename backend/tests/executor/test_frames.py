import json

import pytest

from wren_backend.executor import frames
from wren_backend.executor.frames import (
    CallFrame,
    ErrorFrame,
    FrameReader,
    ProtocolViolation,
    ResultFrame,
    encode_reply,
)
from wren_backend.executor.launcher.lines import LineBuffer, LineTooLong

CALL = b'{"frame":"call","integration":"mail","method":"send","ms":1.5,"outcome":"ok"}\n'


def test_frames_are_read_from_pieces():
    reader = FrameReader()

    found = [frame for start in range(0, len(CALL) * 2, 7) for frame in reader.feed((CALL * 2)[start : start + 7])]

    assert found == [CallFrame(frame="call", integration="mail", method="send", ms=1.5, outcome="ok")] * 2


def test_an_error_frame_carries_its_place():
    line = {
        "frame": "error",
        "error": {"type": "AgentFixableError", "code": "X", "message": "m", "file": "s.py", "line": 3},
    }

    (found,) = FrameReader().feed(json.dumps(line).encode() + b"\n")

    assert isinstance(found, ErrorFrame)
    assert (found.error.file, found.error.line) == ("s.py", 3)


def test_a_result_may_be_anything_json():
    (found,) = FrameReader().feed(b'{"frame":"result","value":[1,null,{"a":"b"}]}\n')

    assert found == ResultFrame(frame="result", value=[1, None, {"a": "b"}])


@pytest.mark.parametrize(
    "line",
    [
        b"", b"hello", b"1", b"[]", b"{}", b'{"frame":"other"}', b"\xff\xfe", b"[" * 100_000, b'{"frame":"result"',
        b'{"frame":"call","integration":"mail","method":"send","ms":"soon","outcome":"ok"}',
        b'{"frame":"call","integration":"mail","method":"send","ms":NaN,"outcome":"ok"}',
        b'{"frame":"call","integration":1,"method":"send","ms":1,"outcome":"ok"}',
        b'{"frame":"error","error":{"type":"SystemExit","code":"X","message":"m"}}',
        b'{"frame":"request","id":"one","operation":"o"}',
        b'{"frame":"metadata","metadata":[]}',
    ],
)  # fmt: skip
def test_what_is_no_frame_is_a_violation_that_does_not_quote_it(line: bytes):
    with pytest.raises(ProtocolViolation, match="a message that is no frame") as caught:
        FrameReader().feed(line + b"\n")

    assert "soon" not in str(caught.value)


def test_a_line_that_never_ends_is_a_violation_at_the_limit():
    reader = FrameReader()
    reader.feed(b"x" * frames.MAX_LINE_BYTES)

    with pytest.raises(ProtocolViolation, match="a line of more than 1048576 bytes"):
        reader.feed(b"x")


def test_too_many_frames_are_a_violation(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(frames, "MAX_FRAMES", 3)
    reader = FrameReader()
    reader.feed(CALL * 3)

    with pytest.raises(ProtocolViolation, match="more than 3 messages"):
        reader.feed(CALL)


def test_an_answer_too_long_for_a_line_becomes_an_error():
    line = encode_reply(7, result={"text": "x" * frames.MAX_LINE_BYTES}, error=None)

    assert json.loads(line)["id"] == 7
    assert json.loads(line)["error"]["code"] == "REPLY_TOO_LARGE"


def test_a_line_buffer_returns_whole_lines_and_keeps_the_rest():
    buffer = LineBuffer(limit=5)

    assert buffer.feed(b"ab") == []
    assert buffer.feed(b"c\n12345\n\nd") == [b"abc", b"12345", b""]
    assert buffer.feed(b"\n") == [b"d"]


@pytest.mark.parametrize("data", [b"123456", b"123456\n", b"1\n123456\n2\n"])
def test_a_line_buffer_refuses_what_exceeds_its_limit(data: bytes):
    with pytest.raises(LineTooLong):
        LineBuffer(limit=5).feed(data)
