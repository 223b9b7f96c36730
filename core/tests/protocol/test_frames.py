import json
from types import MappingProxyType
from typing import Any

import pytest

from wren_core.protocol.calls import CallRecord
from wren_core.protocol.frames import (
    MAX_LINE_BYTES,
    CallFrame,
    ErrorFrame,
    Frame,
    LineTooLarge,
    MetadataFrame,
    ProtocolViolation,
    ReplyFrame,
    RequestFrame,
    ResultFrame,
    ScriptFailure,
    encode_frame,
    parse_frame,
    read_reply,
)

CALL = CallRecord(integration="mail", method="send", ms=1.5, outcome="ok")
FAILURE = ScriptFailure(type="AgentFixableError", code="X", message="m", file="s.py", line=3)


@pytest.mark.parametrize(
    "frame",
    [
        CallFrame(call=CALL),
        RequestFrame(id=7, operation="messages.send", payload={"body": "\u2028 ü"}),
        MetadataFrame(metadata={"integrations": ["mail"]}),
        ResultFrame(value=[1, None, {"a": "b"}]),
        ErrorFrame(error=FAILURE),
    ],
)
def test_a_frame_arrives_as_it_was_sent_on_one_line(frame: Frame):
    line = encode_frame(frame)

    assert line.count(b"\n") == 1
    assert parse_frame(line) == frame


@pytest.mark.parametrize(
    "reply",
    [ReplyFrame(id=1, result={"id": "msg_1"}), ReplyFrame(id=2, error={"type": "InternalError", "code": "INTERNAL"})],
)
def test_a_reply_arrives_as_it_was_sent(reply: ReplyFrame):
    assert read_reply(encode_frame(reply)) == reply


@pytest.mark.parametrize("line", [b"", b"1", b"{}", b'{"frame":"result","id":1}', b'{"frame":"reply","id":"1"}'])
def test_an_invalid_reply_is_refused(line: bytes):
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error is one too
        read_reply(line)


@pytest.mark.parametrize(
    "line",
    [
        b"", b"hello", b"1", b"[]", b"{}", b'{"frame":"other"}', b"\xff\xfe", b"[" * 100_000, b'{"frame":"result"',
        b'{"frame":"reply","id":1,"result":{}}',
        b'{"frame":"call","call":{"integration":"mail","method":"send","ms":"soon","outcome":"ok"}}',
        b'{"frame":"call","call":{"integration":"mail","method":"send","ms":NaN,"outcome":"ok"}}',
        b'{"frame":"call","call":{"integration":"mail","method":"send","ms":-1,"outcome":"ok"}}',
        b'{"frame":"call","call":{"integration":1,"method":"send","ms":1,"outcome":"ok"}}',
        b'{"frame":"call","integration":"mail","method":"send","ms":1,"outcome":"ok"}',
        b'{"frame":"error","error":{"type":"SystemExit","code":"X","message":"m"}}',
        b'{"frame":"request","id":"one","operation":"o"}',
        b'{"frame":"request","id":1,"operation":"' + b"o" * 201 + b'"}',
        b'{"frame":"metadata","metadata":[]}',
    ],
)  # fmt: skip
def test_an_invalid_frame_is_a_violation_that_does_not_quote_it(line: bytes):
    with pytest.raises(ProtocolViolation, match="a message that is not a frame") as caught:
        parse_frame(line)

    assert "soon" not in str(caught.value)


def test_a_frame_that_exceeds_a_line_is_not_sent():
    room = MAX_LINE_BYTES - len(json.dumps({"frame": "result", "value": ""}))

    assert len(encode_frame(ResultFrame(value="x" * room))) == MAX_LINE_BYTES + 1
    with pytest.raises(LineTooLarge, match="1048577 bytes; at most 1048576 fit"):
        encode_frame(ResultFrame(value="x" * (room + 1)))


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}, CallRecord])
def test_a_value_without_json_form_is_not_sent(value: Any):
    with pytest.raises((TypeError, ValueError)):
        encode_frame(ResultFrame(value=value))


def test_a_read_only_mapping_is_sent_as_an_object():
    assert read_reply(encode_frame(ReplyFrame(id=1, result=MappingProxyType({"a": 1})))).result == {"a": 1}


def test_a_failure_leaves_out_what_is_not_known():
    assert FAILURE.to_wire() == {
        "type": "AgentFixableError",
        "code": "X",
        "message": "m",
        "can_retry": False,
        "file": "s.py",
        "line": 3,
    }
