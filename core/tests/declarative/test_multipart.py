from email import message_from_bytes
from email.message import Message

from wren_core.declarative.multipart import multipart


def parsed(body: bytes, content_type: str) -> dict[str, Message]:
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    return {str(part.get_param("name", header="content-disposition")): part for part in message.get_payload()}


def test_every_kind_of_value_is_a_part_another_reader_understands():
    body, content_type = multipart(
        [("title", "Tea"), ("file", b"\x00\xff"), ("meta", {"a": [1]}), ("n", 5), ("no", None)]
    )

    parts = parsed(body, content_type)

    assert list(parts) == ["title", "file", "meta", "n"]
    assert [part.get_payload(decode=True) for part in parts.values()] == [b"Tea", b"\x00\xff", b'{"a": [1]}', b"5"]
    assert (parts["file"].get_filename(), parts["meta"].get_content_type()) == ("file", "application/json")


def test_a_name_cannot_end_its_header():
    body, content_type = multipart([('a"\r\nX-Evil: 1', "v")])

    parts = parsed(body, content_type)

    assert list(parts) == ["a%22%0D%0AX-Evil: 1"]
    assert "x-evil" not in next(iter(parts.values()))


def test_the_boundary_is_not_in_the_content():
    first, content_type = multipart([("a", "x")])
    again, other_type = multipart([("a", content_type.partition("boundary=")[2])])

    assert content_type != other_type
    assert again.count(other_type.partition("boundary=")[2].encode()) == 2
    assert first.count(content_type.partition("boundary=")[2].encode()) == 2
