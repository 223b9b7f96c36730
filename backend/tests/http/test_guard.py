from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from wren_backend.http.errors import install_error_handlers
from wren_backend.http.guard import HttpGuard
from wren_backend.metrics import Metrics
from wren_core.testing import serve


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def url(metrics):
    app = FastAPI()
    install_error_handlers(app)
    app.state.seen = []

    @app.post("/v1/echo")
    async def echo(request: Request) -> dict[str, object]:
        body = await request.json()
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

    app.add_middleware(HttpGuard, max_body_bytes=1000, metrics=metrics)
    with serve(app) as base:
        yield base


def test_a_small_json_body_passes_and_is_counted(url, metrics):
    answer = httpx2.post(f"{url}/v1/echo", json={"a": 1})

    assert answer.json() == {"got": {"a": 1}}
    assert b'wren_http_requests_total{status="200"} 1.0' in metrics.render()


def test_answers_are_timed_by_route_and_never_by_what_a_client_made_up(url, metrics):
    for path in ("/v1/items/one", "/v1/items/two", "/v1/nowhere/at-all"):
        httpx2.get(f"{url}{path}")

    text = metrics.render().decode()
    assert 'wren_http_request_seconds_count{method="GET",route="/v1/items/{name}"} 2.0' in text
    assert text.count("wren_http_request_seconds_count") == 1


def test_a_body_that_says_it_is_too_large_is_refused(url):
    answer = httpx2.post(f"{url}/v1/echo", json={"a": "x" * 2000})

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "BODY_TOO_LARGE"


def test_a_body_that_grows_too_large_while_streaming_is_refused_and_not_acted_upon(url, metrics):
    chunks = iter([b'{"a": 1}', *[b" " * 500] * 10])

    answer = httpx2.post(f"{url}/v1/echo", content=chunks, headers={"content-type": "application/json"})

    assert answer.status_code == 413
    assert b'wren_http_requests_total{status="200"}' not in metrics.render()


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", None])
def test_another_content_type_than_json_is_refused(url, content_type):
    headers = {"content-type": content_type} if content_type else {}

    answer = httpx2.post(f"{url}/v1/echo", content=b"{}", headers=headers)

    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "CONTENT_TYPE_UNSUPPORTED"


def test_an_unexpected_error_is_answered_and_counted(url, metrics):
    answer = httpx2.get(f"{url}/v1/broken")

    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "InternalError")
    assert "hunter2" not in answer.text
    assert b'wren_http_requests_total{status="500"} 1.0' in metrics.render()


def test_an_answer_that_breaks_off_is_not_passed_off_as_whole(url):
    with pytest.raises(httpx2.RemoteProtocolError, match="incomplete"):
        httpx2.get(f"{url}/v1/broken-stream")


def test_a_path_with_a_nul_leads_nowhere(url):
    answer = httpx2.get(f"{url}/v1/items/a%00b")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
