"""Files in arguments and results of a declared integration, against a server that keeps what it gets."""

import json
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from wren_core.contract.definition import IntegrationDefinition
from wren_core.declarative.integration import declared_integration
from wren_core.errors import InvalidInput
from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, route, serve

BASE64 = {"type": "string", "contentEncoding": "base64"}


class Archive(FakeProvider):
    """Keeps the last request."""

    name = "archive"

    @route("POST", "/files")
    @route("PUT", "/raw")
    @route("POST", "/json")
    def keep(self, request: FakeRequest) -> Any:
        return {"type": request.headers["content-type"]}

    @route("GET", "/raw")
    def content(self, request: FakeRequest) -> Any:
        return FakeResponse(body=b"\x00\xff")


def _method(method_id: str, verb: str, path: str, properties: dict[str, Any], **request: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    bound = {"method": verb, "path": path, **request}
    return {"id": method_id, "name": method_id, "description": "Do.", "inputSchema": schema, "request": bound}


@pytest.fixture
def archive():
    fake = Archive()
    files = {"files": {"type": "array", "items": BASE64}, "note": {"type": "string"}}
    document = {
        "integrationId": "archive",
        "name": "Archive",
        "baseUrl": "https://archive.example",
        "hosts": ["archive.example"],
        "methods": [
            _method("upload", "POST", "/files", files, body="multipart"),
            _method("upload_path", "POST", "/files", {"file": {"type": "string", "format": "path"}}, body="multipart"),
            _method("put", "PUT", "/raw", {"file": BASE64}, body="raw", contentType="application/pdf"),
            _method("put_json", "POST", "/json", {"file": BASE64}),
            _method("get", "GET", "/raw", {}, response="bytes"),
        ],
    }
    document["methods"][-1]["outputSchema"] = BASE64
    integration = declared_integration(IntegrationDefinition.from_wire(document))
    with serve(fake) as url:
        instance = integration.create(base_url=url)
        yield fake, instance
        instance.close()


def parts_of(request: FakeRequest) -> list[tuple[Any, ...]]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    found = message_from_bytes(head + request.body).get_payload()
    assert isinstance(found, list)
    return [
        (part.get_param("name", header="content-disposition"), part.get_filename(), part.get_payload(decode=True))
        for part in found
    ]


def test_each_path_is_a_part_with_its_own_name(archive, tmp_path):
    fake, instance = archive
    (tmp_path / "a.txt").write_bytes(b"one")
    (tmp_path / "b ä.pdf").write_bytes(b"two")

    instance.upload(files=[tmp_path / "a.txt", tmp_path / "b ä.pdf", b"three"], note="x")

    found = parts_of(fake.requests[-1])
    assert found[0] == ("files", "a.txt", b"one")
    assert [content for _, _, content in found] == [b"one", b"two", b"three", b"x"]
    assert found[3][1] is None


def test_a_text_that_names_a_path_is_read_too(archive, tmp_path):
    fake, instance = archive
    (tmp_path / "a.txt").write_bytes(b"one")

    instance.upload_path(file=str(tmp_path / "a.txt"))

    assert parts_of(fake.requests[-1]) == [("file", "a.txt", b"one")]


@pytest.mark.parametrize("give", [lambda path: path, lambda path: path.read_bytes()])
def test_bytes_and_paths_go_into_every_kind_of_body(archive, tmp_path, give):
    fake, instance = archive
    (tmp_path / "a.pdf").write_bytes(b"\xfb\xff")

    instance.put(file=give(tmp_path / "a.pdf"))
    instance.put_json(file=give(tmp_path / "a.pdf"))

    raw, as_json = fake.requests
    assert (raw.body, raw.headers["content-type"]) == (b"\xfb\xff", "application/pdf")
    assert json.loads(as_json.body) == {"file": "+/8="}


def test_a_file_that_is_not_there_is_named_with_its_argument(archive):
    _, instance = archive

    with pytest.raises(InvalidInput, match=r"/files/1: 'no\.txt'") as caught:
        instance.upload(files=[b"", Path("no.txt")])

    assert caught.value.details["pointer"] == "/files/1"


def test_a_binary_answer_is_bytes_in_python_and_base64_in_json(archive):
    _, instance = archive

    assert instance.get() == b"\x00\xff"
    assert type(instance).methods()["get"].to_json(b"\x00\xff") == "AP8="
