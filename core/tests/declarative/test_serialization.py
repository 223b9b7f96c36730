from email import message_from_bytes
from email.message import Message
from typing import Any

import httpx2
import pytest

from wren_core.contract.request_binding import Placement
from wren_core.declarative.local_file import LocalFile
from wren_core.declarative.multipart import choose_type, parts
from wren_core.declarative.serialization import form, header, parameters, query, segment, text


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
    written = parameters("p", value, style, explode=explode)

    assert [(name, separator.join(items)) for name, items, separator in written] == expected


@pytest.mark.parametrize(
    ("value", "style", "explode", "expected"),
    [
        (["a", "b c"], "form", False, "p=a,b%20c"),
        (["a,b", "c"], "form", False, "p=a%2Cb,c"),
        (["a", "b"], "form", True, "p=a&p=b"),
        ({"r": 100, "g,": "x"}, "form", False, "p=r,100,g%2C,x"),
        (["a b", "c"], "spaceDelimited", False, "p=a%20b%20c"),
        (["a", "b"], "pipeDelimited", False, "p=a%7Cb"),
        ("a,b", "form", True, "p=a%2Cb"),
        ("a&b=c+d", "form", False, "p=a%26b%3Dc%2Bd"),
        ({"a": "x"}, "deepObject", True, "p%5Ba%5D=x"),
        ([], "form", False, "p="),
    ],
)
def test_a_separator_is_not_encoded_and_an_item_is(value, style, explode, expected):
    assert query(parameters("p", value, style, explode=explode)) == expected


@pytest.mark.parametrize(
    ("value", "explode", "in_path", "in_header"),
    [
        ({"a": "x,y", "b": 1}, True, "a=x%2Cy,b=1", "a=x,y,b=1"),
        ({"a": "x", "b": 1}, False, "a,x,b,1", "a,x,b,1"),
        ([3, None, "4/5"], True, "3,4%2F5", "3,4/5"),
    ],
)
def test_a_simple_value_is_separated_by_commas(value, explode, in_path, in_header):
    assert (segment(value, explode=explode), header(value, explode=explode)) == (in_path, in_header)


def test_a_form_is_percent_encoded():
    assert form([("a b", ("ä&=",), ""), ("c", ("",), ""), ("d", ("1", "2"), ",")]) == b"a+b=%C3%A4%26%3D&c=&d=1%2C2"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("%2e", "%252e"), ("ä", "%C3%A4"), (["a", "b,"], "a,b%2C"), (7, "7")],
)
def test_a_segment_of_a_path_keeps_to_itself(value, expected):
    assert segment(value) == expected


def test_an_object_as_text_is_its_names_and_values():
    assert text({"a": 1, "b": None, "c": [1, 2]}) == "a,1,c,[1, 2]"


def sent_parts(*fields: tuple[str, Any], **placement: Any) -> list[Message]:
    sent = [
        part
        for name, value in fields
        for part in parts(Placement(argument="x", place="body", name=name, **placement), value)
    ]
    request = httpx2.Request("POST", "https://a.example", files=sent)
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    found = message_from_bytes(head + request.read()).get_payload()
    assert isinstance(found, list)
    return found


def described(item: Message) -> tuple[Any, ...]:
    kind = item.get_content_type() if "content-type" in item else None
    return (
        item.get_param("name", header="content-disposition"),
        item.get_filename(),
        kind,
        item.get_payload(decode=True),
    )


PHOTO = LocalFile(name="photo of a.png", content=b"\x89PNG")


@pytest.mark.parametrize(
    ("value", "placement", "expected"),
    [
        ("Tea", {}, [("f", None, None, b"Tea")]),
        ("Tea", {"media_type": "text/csv"}, [("f", None, "text/csv", b"Tea")]),
        (5, {}, [("f", None, None, b"5")]),
        (None, {}, []),
        ({"a": [1]}, {}, [("f", None, "application/json", b'{"a": [1]}')]),
        ({"a": 1}, {"media_type": "application/ld+json"}, [("f", None, "application/ld+json", b'{"a": 1}')]),
        (b"\x00", {}, [("f", "f", "application/octet-stream", b"\x00")]),
        (b"\x00", {"media_type": "image/png"}, [("f", "f.png", "image/png", b"\x00")]),
        (PHOTO, {}, [("f", "photo of a.png", "image/png", b"\x89PNG")]),
        (PHOTO, {"media_type": "image/jpeg, image/*"}, [("f", "photo of a.png", "image/png", b"\x89PNG")]),
        (PHOTO, {"media_type": "application/pdf"}, [("f", "photo of a.png", "application/pdf", b"\x89PNG")]),
        (
            [b"1", PHOTO, None],
            {},
            [("f", "f-1", "application/octet-stream", b"1"), ("f", "photo of a.png", "image/png", b"\x89PNG")],
        ),
        (["a", 2, None], {}, [("f", None, None, b"a"), ("f", None, None, b"2")]),
        (["a", "b"], {"explode": False}, [("f", None, None, b"a,b")]),
        (["a", "b"], {"media_type": "application/json"}, [("f", None, "application/json", b'["a", "b"]')]),
        ([{"a": 1}], {}, [("f", None, "application/json", b'{"a": 1}')]),
        ([], {}, []),
    ],
)
def test_each_file_is_a_part_with_its_name_and_type(value, placement, expected):
    found = sent_parts(("first", "x"), ("f", value), **placement)[1:]

    assert [described(item) for item in found] == expected


@pytest.mark.parametrize(
    ("declared", "own", "chosen"),
    [
        ("", "image/png", "image/png"),
        ("image/png, image/jpeg", "image/jpeg", "image/jpeg"),
        ("image/png, image/jpeg", "text/plain", "image/png"),
        ("image/*", "text/plain", "text/plain"),
        ("*/*, text/csv", "image/gif", "image/gif"),
    ],
)
def test_the_type_of_a_file_is_its_own_where_it_is_allowed(declared, own, chosen):
    assert choose_type(declared, own) == chosen


def test_the_name_of_a_part_cannot_end_its_header():
    (item,) = sent_parts(('a"\r\nX-Evil: 1', "v"))

    assert item.get_param("name", header="content-disposition") == "a%22%0D%0AX-Evil: 1"
    assert "x-evil" not in item
