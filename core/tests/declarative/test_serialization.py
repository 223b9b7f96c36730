from email import message_from_bytes
from email.message import Message
from typing import Any

import httpx2
import pytest

from wren_core.declarative.serialization import form, pairs, part, segment, text


@pytest.mark.parametrize(
    ("value", "style", "explode", "expected"),
    [
        ("a b", "form", True, [("p", "a b")]),
        (5, "form", True, [("p", "5")]),
        (True, "form", True, [("p", "true")]),
        (None, "form", True, []),
        (["a", "b"], "form", True, [("p", "a"), ("p", "b")]),
        (["a", None, 2], "form", False, [("p", "a,2")]),
        (["a", "b"], "spaceDelimited", False, [("p", "a b")]),
        (["a", "b"], "pipeDelimited", False, [("p", "a|b")]),
        ([{"a": 1}], "form", True, [("p", '{"a": 1}')]),
        ({"a": 1, "b": None, "c": "x"}, "form", True, [("a", "1"), ("c", "x")]),
        ({"a": 1, "c": "x"}, "form", False, [("p", "a,1,c,x")]),
        ({"a": {"b": [1, {"c": False}]}}, "deepObject", True, [("p[a][b][0]", "1"), ("p[a][b][1][c]", "false")]),
        ({"a": None}, "deepObject", True, []),
        ({"a": [1]}, "json", True, [("p", '{"a": [1]}')]),
        ([], "form", True, []),
    ],
)
def test_each_style_writes_a_value_its_way(value, style, explode, expected):
    assert pairs("p", value, style, explode=explode) == expected


def test_a_form_is_percent_encoded():
    assert form([("a b", "ä&="), ("c", "")]) == b"a+b=%C3%A4%26%3D&c="


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("%2e", "%252e"), ("ä", "%C3%A4"), (["a", "b"], "a%2Cb"), (7, "7")],
)
def test_a_segment_of_a_path_keeps_to_itself(value, expected):
    assert segment(value) == expected


def test_an_object_as_text_is_its_names_and_values():
    assert text({"a": 1, "b": None, "c": [1, 2]}) == "a,1,c,1,2"


def sent_parts(*fields: tuple[str, Any]) -> dict[str, Message]:
    request = httpx2.Request("POST", "https://a.example", files=[part(name, value) for name, value in fields])
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + request.read())
    return {str(item.get_param("name", header="content-disposition")): item for item in message.get_payload()}


def test_every_kind_of_value_is_a_part_another_reader_understands():
    parts = sent_parts(("title", "Tea"), ("file", b"\x00\xff"), ("meta", {"a": [1]}), ("n", 5))

    assert list(parts) == ["title", "file", "meta", "n"]
    assert [item.get_payload(decode=True) for item in parts.values()] == [b"Tea", b"\x00\xff", b'{"a": [1]}', b"5"]
    assert (parts["file"].get_filename(), parts["meta"].get_content_type()) == ("file", "application/json")


def test_the_name_of_a_part_cannot_end_its_header():
    parts = sent_parts(('a"\r\nX-Evil: 1', "v"))

    assert list(parts) == ["a%22%0D%0AX-Evil: 1"]
    assert "x-evil" not in next(iter(parts.values()))
