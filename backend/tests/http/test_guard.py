import socket
from collections.abc import AsyncIterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import httpx2
import pytest
from fastapi import Body, FastAPI, Request
from fastapi.responses import StreamingResponse

from wren_backend.http.errors import install_error_handlers
from wren_backend.http.guard import HttpGuard
from wren_backend.http.limits import HttpLimits
from wren_backend.metrics import Metrics
from wren_backend.tenancy.auth import Subject
from wren_core.testing import serve
from wren_core.testing.patience import patience

KEY = "wren_abcdefgh_" + "x" * 43
LIMITS = HttpLimits(body_bytes=1000, body_time=timedelta(seconds=0.5), bodies_bytes=800_000)
SCRIPT_BYTES = 5000
JSON = {"content-type": "application/json"}


@pytest.fixture
def metrics():
    return Metrics()


@contextmanager
def guarded(metrics, limits):
    """Serve an app behind the guard."""
    app = FastAPI()
    install_error_handlers(app)
    app.state.seen = []

    @app.post("/v1/echo")
    async def echo(request: Request, body: Annotated[object, Body()]) -> dict[str, object]:
        app.state.seen.append(body)
        return {"got": body}

    @app.get("/v1/broken")
    async def broken() -> None:
        raise ValueError("hunter2")

    @app.get("/v1/items/{name}")
    async def item(name: str) -> str:
        return name

    @app.get("/v1/broken-stream")
    async def broken_stream() -> StreamingResponse:
        async def lines() -> AsyncIterator[bytes]:
            yield b"one\n"
            raise ValueError("hunter2")

        return StreamingResponse(lines())

    @app.get("/v1/who")
    async def who(request: Request) -> str:
        return request.state.subject.workspace_id

    @app.post("/v1/no-body")
    async def no_body() -> str:
        return "done"

    @app.post("/v1/scripts/deploy")
    async def deploy(request: Request) -> int:
        return len(await request.body())

    @app.post("/page")
    async def page(request: Request) -> int:
        return len(await request.body())

    app.add_middleware(
        HttpGuard,
        limits=limits,
        script_body_bytes=SCRIPT_BYTES,
        metrics=metrics,
        authenticate=lambda key: Subject(workspace_id="ws_1", user_id="usr_1") if key == KEY else None,
    )
    with serve(app) as base:
        yield base


@pytest.fixture
def url(metrics):
    with guarded(metrics, LIMITS) as base:
        yield base


@pytest.fixture
def client(url):
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=patience(20)) as opened:
        yield opened


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def exchange(url, request):
    """Send bytes and return all that the server answers until it closes the connection."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=patience(20)) as connection:
        connection.sendall(request)
        answer = bytearray()
        while received := connection.recv(65536):
            answer += received
    return bytes(answer)


def test_a_small_json_body_passes_and_is_counted(client, metrics):
    answer = client.post("/v1/echo", json={"a": 1})

    assert answer.json() == {"got": {"a": 1}}
    assert b'wren_http_requests_total{status="200"} 1.0' in metrics.render()


def test_answers_are_timed_by_route_and_never_by_what_a_client_made_up(client, metrics):
    for path in ("/v1/items/one", "/v1/items/two", "/v1/nowhere/at-all"):
        client.get(path)

    text = metrics.render().decode()
    assert 'wren_http_request_seconds_count{method="GET",route="/v1/items/{name}"} 2.0' in text
    assert text.count("wren_http_request_seconds_count") == 1


def test_a_body_that_says_it_is_too_large_is_refused(client):
    answer = client.post("/v1/echo", json={"a": "x" * 2000})

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "BODY_TOO_LARGE"


def test_a_body_that_grows_too_large_while_streaming_is_refused_and_not_acted_upon(client, metrics):
    chunks = iter([b'{"a": 1}', *[b" " * 500] * 10])

    answer = client.post("/v1/echo", content=chunks, headers={"content-type": "application/json"})

    assert answer.status_code == 413
    assert b'wren_http_requests_total{status="200"}' not in metrics.render()


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", None])
def test_another_content_type_than_json_is_refused(client, content_type):
    headers = {"content-type": content_type} if content_type else {}

    answer = client.post("/v1/echo", content=b"{}", headers=headers)

    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "CONTENT_TYPE_UNSUPPORTED"


def test_an_unexpected_error_is_answered_and_counted(client, metrics):
    answer = client.get("/v1/broken")

    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "InternalError")
    assert "hunter2" not in answer.text
    assert b'wren_http_requests_total{status="500"} 1.0' in metrics.render()


def test_an_answer_that_breaks_off_is_not_passed_off_as_whole(client):
    with pytest.raises(httpx2.RemoteProtocolError, match="incomplete"):
        client.get("/v1/broken-stream")


def test_a_path_with_a_nul_leads_nowhere(client):
    answer = client.get("/v1/items/a%00b")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def chunks_of(size):
    yield from [b" " * 500] * (size // 500)


@pytest.mark.parametrize("path", ["/v1/echo", "/v1/no-body", "/v1/scripts/deploy", "/v1/nowhere", "/page"])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_over_the_limit_is_answered_413_with_the_limit_in_words(client, path, is_chunked):
    content = chunks_of(1_000_000) if is_chunked else b" " * 1_000_000

    answer = client.post(path, content=content, headers={"content-type": "application/json"})

    assert error_of(answer) == (413, "BODY_TOO_LARGE")
    limit = {"/v1/scripts/deploy": "4.883 KiB (5000 bytes)", "/page": "128 KiB (131072 bytes)"}
    assert f"larger than {limit.get(path, '1000 bytes')}" in answer.json()["error"]["message"]


def test_a_script_may_be_larger_than_other_bodies(client):
    answer = client.post("/v1/scripts/deploy", content=b'"' + b"x" * 4000 + b'"', headers=JSON)

    assert answer.json() == 4002


@pytest.mark.parametrize("key", ["x", "wren_abcdefgh_" + "y" * 43, "x" * 5000])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_stranger_is_refused_before_his_body_is_read(url, key, is_chunked):
    size = 3_000_000
    content = chunks_of(size) if is_chunked else b" " * size
    headers = {**JSON, "Authorization": f"Bearer {key}"}

    answer = httpx2.post(f"{url}/v1/echo", content=content, headers=headers, timeout=patience(20))

    assert error_of(answer) == (401, "UNAUTHENTICATED")


def test_a_stranger_who_sends_nothing_of_his_body_is_refused_at_once(url):
    head = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"

    answer = exchange(url, head + b"Content-Length: 900\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 401 ")


def test_the_app_learns_who_asks(client):
    assert client.get("/v1/who").json() == "ws_1"


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
    ],
)
def test_a_request_that_states_its_end_in_two_ways_is_refused_and_its_connection_closed(url, framing):
    head = f"POST /v1/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    following = b"GET /v1/who HTTP/1.1\r\nHost: x\r\n\r\n"

    answer = exchange(url, head.encode() + framing + following)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_body_that_drips_in_ends_with_the_time_for_it(url):
    head = f"POST /v1/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"

    answer = exchange(url, head.encode() + b"Content-Length: 900\r\n\r\n{")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"REQUEST_TIMED_OUT" in answer


def test_a_body_that_is_still_on_its_way_keeps_no_turn_from_others(metrics):
    one_turn = replace(LIMITS, requests=1, requests_per_workspace=1, body_time=timedelta(seconds=patience(60)))
    head = f"POST /v1/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    with guarded(metrics, one_turn) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=patience(20)) as slow:
            slow.sendall(head.encode() + b"Content-Length: 8\r\n\r\n{")
            others = httpx2.get(f"{url}/v1/who", headers={"Authorization": f"Bearer {KEY}"}, timeout=patience(20))
            slow.sendall(b'"a": 1}')
            answer = slow.recv(65536)

    assert others.json() == "ws_1"
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"[" * 990, (400, "MALFORMED_JSON")),
        (b'{"a":' * 190 + b"1", (400, "MALFORMED_JSON")),
        ('{"a": "b"}'.encode("utf-16"), (400, "MALFORMED_JSON")),
        (b'{"a": "\0"}', (400, "MALFORMED_JSON")),
    ],
)
def test_a_body_that_could_break_a_parser_is_refused(client, content, error):
    assert error_of(client.post("/v1/echo", content=content, headers=JSON)) == error
