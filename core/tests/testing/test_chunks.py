import httpx2
import pytest

from wren_core.testing import Chunks, FakeProvider, FakeResponse, route, serve


class Writer(FakeProvider):
    @route("GET", "/whole")
    def whole(self, request):
        return FakeResponse(body=Chunks(parts=["data: one\n\n", "data: two\n\n"]), headers={"x-kind": "stream"})

    @route("GET", "/cut")
    def cut(self, request):
        return FakeResponse(body=Chunks(parts=["data: one\n\n"], is_cut=True))


def test_chunks_are_sent_as_a_stream_of_events():
    with serve(Writer()) as url, httpx2.Client(base_url=url) as client, client.sse("/whole") as source:
        events = [event.data for event in source]
        headers = source.response.headers

    assert events == ["one", "two"]
    assert (headers["content-type"], headers["x-kind"]) == ("text/event-stream", "stream")
    assert "content-length" not in headers


def test_a_cut_stream_breaks_the_connection_after_its_last_part():
    read = []

    with (
        serve(Writer()) as url,
        httpx2.stream("GET", f"{url}/cut") as response,
        pytest.raises(httpx2.RemoteProtocolError),
    ):
        read.extend(response.iter_text())

    assert read == ["data: one\n\n"]
