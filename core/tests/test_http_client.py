import io
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from wren_core import AuthFailed, InvalidInput, NotFound, RateLimited, Rejected, Unavailable, UserFacingConfigError
from wren_core.http_client import Answer, HttpClient
from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, route, serve


class Shop(FakeProvider):
    """Things, in pages of two, and a few odd addresses."""

    @route("GET", "/v1/things")
    def things(self, request: FakeRequest) -> Any:
        page = int(request.query.get("page", "1"))
        return {"things": [page * 2 - 1, page * 2], "more": page < 3}

    @route("POST", "/v1/things")
    def make(self, request: FakeRequest) -> Any:
        return FakeResponse(status=201, body={"made": request.json()})

    @route("DELETE", "/v1/things")
    def clear(self, request: FakeRequest) -> Any:
        return FakeResponse(status=204)

    @route("GET", "/v1/moved")
    def moved(self, request: FakeRequest) -> Any:
        return FakeResponse(status=301, headers={"location": request.query.get("to", "/v1/things")})

    @route("GET", "/v1/round")
    def round(self, request: FakeRequest) -> Any:
        return FakeResponse(status=302, headers={"location": "/v1/round"})

    @route("POST", "/v1/moved")
    def moved_for_writers(self, request: FakeRequest) -> Any:
        return FakeResponse(status=307, headers={"location": "/v1/things"})

    @route("POST", "/v1/upload")
    def upload(self, request: FakeRequest) -> Any:
        return {"bytes": len(request.body)}

    @route("PUT", "/v1/raw")
    def raw(self, request: FakeRequest) -> Any:
        return {"bytes": len(request.body)}

    @route("GET", "/v1/linked")
    def linked(self, request: FakeRequest) -> Any:
        return FakeResponse(headers={"link": request.query["link"]})

    @route("GET", "/v1/page")
    def page(self, request: FakeRequest) -> Any:
        return FakeResponse(body="<h1>Sign in</h1>")


class Stage:
    """One server for the shop of the running test."""

    shop: Shop

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.shop(scope, receive, send)


STAGE = Stage()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(STAGE) as address:
        yield f"{address}/v1"


@pytest.fixture
def shop() -> Shop:
    STAGE.shop = Shop()
    return STAGE.shop


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def client(shop: Shop, url: str, naps: list[float]) -> Iterator[HttpClient]:
    with closing(HttpClient(url, integration="shop", token="t-1", sleep=naps.append)) as client:
        yield client


def test_the_module_imports_no_http_library():
    program = "import sys, wren_core.http_client; print('httpx2' in sys.modules)"

    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "False"


def test_a_read_sends_the_token_and_the_parameters_that_are_given(client, shop):
    found = client.get("/things", page=2, colour=None, tag=["a", "b"])

    (request,) = shop.requests
    assert found["things"] == [3, 4]
    assert request.token == "t-1"
    assert request.query_all == {"page": ["2"], "tag": ["a", "b"]}
    assert request.headers["user-agent"] == "wren-shop"


def test_a_write_sends_json_and_additional_headers(client, shop):
    answer = client.request("POST", "/things", json={"name": "kite"}, headers={"x-once": "1"})

    assert (answer.status_code, answer.json()) == (201, {"made": {"name": "kite"}})
    assert shop.requests[0].headers["x-once"] == "1"


def test_an_empty_answer_is_none(client):
    assert client.request("DELETE", "/things").json() is None


def test_pages_are_read_when_they_are_needed(client, shop):
    def following(answer: Answer) -> dict[str, int] | None:
        seen = answer.json()
        return {"page": seen["things"][-1] // 2 + 1} if seen["more"] else None

    pages = client.pages("/things", {}, following=following)
    first = next(pages).json()["things"]
    asked = len(shop.requests)
    rest = [answer.json()["things"] for answer in pages]

    assert (first, asked, rest) == ([1, 2], 1, [[3, 4], [5, 6]])


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ('<https://a.example/x?page=2>; rel="next"', "https://a.example/x?page=2"),
        ('<https://a.example/1>; rel="prev", <https://a.example/3>; rel="next"', "https://a.example/3"),
        ("</x?page=2>; rel=next", "/x?page=2"),
        ('</x>; title="next"; rel="last"', None),
        ('</x>; rel="next last"', "/x"),
        ("nonsense", None),
    ],
)
def test_a_link_header_names_the_next_page(client, shop, link, address):
    assert client.request("GET", "/linked", query={"link": link}).next_link == address


def test_parts_are_sent_as_a_form(client, shop):
    client.request("POST", "/upload", files=[("title", (None, b"Tea", None)), ("file", ("a.bin", b"\xff", "x/y"))])

    sent = shop.requests[-1]
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="a.bin"\r\nContent-Type: x/y\r\n\r\n\xff\r\n' in sent.body


def test_a_form_is_sent_with_its_type_and_without_missing_values(client, shop):
    client.request("POST", "/upload", form={"q": "a b&c", "tag": ["x", "y"], "none": None, "on": True, "n": 2})

    sent = shop.requests[-1]
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sent.body == b"q=a+b%26c&tag=x&tag=y&on=true&n=2"


def test_a_form_of_pairs_keeps_their_order(client, shop):
    client.request("POST", "/upload", form=[("b", 1), ("a", "ü"), ("b", None)])

    assert shop.requests[-1].body == b"b=1&a=%C3%BC"


def test_a_form_with_files_becomes_parts(client, shop):
    client.request("POST", "/upload", form={"title": "Tea"}, files=[("file", ("ü.txt", b"x", "text/plain"))])

    sent = shop.requests[-1]
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="title"\r\n\r\nTea\r\n' in sent.body


@pytest.mark.parametrize(("content", "body"), [(b"\xff", b"\xff"), ("ü", b"\xc3\xbc"), (io.BytesIO(b"abc"), b"abc")])
def test_a_raw_body_has_the_given_type(client, shop, content, body):
    client.request("PUT", "/raw", content=content, content_type="text/csv")

    assert (shop.requests[-1].headers["content-type"], shop.requests[-1].body) == ("text/csv", body)


def test_headers_of_a_request_replace_those_of_the_client(client, shop):
    client.request("PUT", "/raw", content=b"x", headers={"User-Agent": "mine", "Content-Type": "a/b"})

    assert (shop.requests[-1].headers["user-agent"], shop.requests[-1].headers["content-type"]) == ("mine", "a/b")


@pytest.mark.parametrize("bodies", [{"json": [], "content": b""}, {"form": {}, "json": 0}])
def test_a_request_has_one_body(client, shop, bodies):
    with pytest.raises(TypeError, match="a request has one body"):
        client.request("POST", "/upload", **bodies)

    assert shop.requests == []


def test_a_file_that_cannot_be_rewound_is_sent_once(client, shop, tmp_path):
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    shop.fail_next(429, headers={"retry-after": "1"})

    with pytest.raises(RateLimited):
        client.request("PUT", "/raw", content=Pipe(b"abc"))

    assert len(shop.requests) == 1


def test_an_endless_listing_is_cut_off(client, monkeypatch, shop):
    monkeypatch.setattr("wren_core.http_client.MAX_PAGES", 4)

    pages = list(client.pages("/things", {}, following=lambda answer: {}))

    assert len(pages) == len(shop.requests) == 4


@pytest.mark.parametrize("status", [429, 500, 502, 503, 408])
def test_a_read_survives_two_transient_failures(client, shop, naps, status):
    shop.fail_next(status, times=2)

    assert client.get("/things")["things"] == [1, 2]
    assert naps == [0.5, 1.0]


def test_a_read_fails_after_the_third_failure(client, shop):
    shop.fail_next(503, times=3)

    with pytest.raises(Unavailable, match="shop answered 503 to GET /things"):
        client.get("/things")

    assert len(shop.requests) == 3


def test_a_read_waits_for_the_requested_pause(client, shop, naps):
    shop.fail_next(429, headers={"retry-after": "2"})

    client.get("/things")

    assert naps == [2.0]


def test_a_long_pause_is_raised_to_the_caller(client, shop, naps):
    shop.fail_next(429, headers={"retry-after": "60"})

    with pytest.raises(RateLimited) as caught:
        client.get("/things")

    assert caught.value.retry_after == 60.0
    assert (naps, len(shop.requests)) == ([], 1)


@pytest.mark.parametrize(
    ("status", "error"), [(400, Rejected), (401, AuthFailed), (403, Rejected), (404, NotFound), (410, NotFound)]
)
def test_a_permanent_refusal_is_not_retried(client, shop, status, error):
    shop.fail_next(status)

    with pytest.raises(error, match=f"shop answered {status} to GET /things: .*fault"):
        client.get("/things")

    assert len(shop.requests) == 1


def test_the_error_about_a_refused_token_says_how_to_connect(client, shop):
    shop.fail_next(401)

    with pytest.raises(AuthFailed, match="run `wren connect shop`"):
        client.get("/things")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_write_that_may_have_been_done_is_sent_once(client, shop, status):
    shop.fail_next(status, times=3)

    with pytest.raises(Unavailable, match="it may have been done: look before you try again") as caught:
        client.request("POST", "/things")

    assert len(shop.requests) == 1
    assert (caught.value.nothing_done, caught.value.can_retry) == (False, False)


def test_a_get_that_writes_is_in_doubt_like_any_write(client, shop):
    shop.fail_next(503, times=3)

    with pytest.raises(Unavailable, match="it may have been done"):
        client.request("GET", "/things", repeatable=False)

    assert len(shop.requests) == 1


def test_a_write_refused_because_of_its_rate_waits_and_is_sent_again(client, shop, naps):
    shop.fail_next(429, times=2, headers={"retry-after": "3"})

    assert client.request("POST", "/things", json=1).json() == {"made": 1}
    assert naps == [3.0, 3.0]


def test_a_loop_of_writes_gets_through_a_rate_limit(client, shop, naps):
    for number in range(50):
        if number % 7 == 0:
            shop.fail_next(429, headers={"retry-after": "1"})
        client.request("POST", "/things", json=number)

    assert (len(shop.requests), naps) == (58, [1.0] * 8)


def test_a_write_does_not_wait_for_a_long_pause(client, shop, naps):
    shop.fail_next(429, headers={"retry-after": "60"})

    with pytest.raises(RateLimited) as caught:
        client.request("POST", "/things")

    assert (naps, len(shop.requests), caught.value.nothing_done) == ([], 1, True)


def test_a_limit_that_never_ends_reaches_the_caller(client, shop, naps):
    shop.fail_next(429, times=100, headers={"retry-after": "0"})

    with pytest.raises(RateLimited):
        client.request("POST", "/things")

    assert naps == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_a_repeatable_write_is_retried(client, shop):
    shop.fail_next(503)

    answer = client.request("POST", "/things", json=1, repeatable=True)

    assert answer.json() == {"made": 1}
    assert len(shop.requests) == 2


def test_a_write_with_an_idempotency_key_is_retried_with_the_same_key(client, shop):
    shop.fail_next(503)

    client.request("POST", "/things", json=1, key_header="Idempotency-Key")
    client.request("POST", "/things", json=1, key_header="Idempotency-Key")

    first, again, other = (request.headers["idempotency-key"] for request in shop.requests)
    assert first == again != other


def test_the_outcome_of_a_failed_write_with_a_key_is_unknown(client, shop):
    shop.fail_next(503, times=2)
    shop.fail_next(429, headers={"retry-after": "60"})

    with pytest.raises(RateLimited) as caught:
        client.request("POST", "/things", key_header="Idempotency-Key")

    assert caught.value.nothing_done is False
    assert len(shop.requests) == 3


def test_a_write_that_was_never_sent_may_be_retried():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    client = HttpClient(f"http://127.0.0.1:{port}", integration="shop")
    with closing(client), pytest.raises(Unavailable, match="could not be reached for POST /things: Conn") as caught:
        client.request("POST", "/things")

    assert caught.value.nothing_done is True


def test_a_request_without_an_answer_ends_at_the_timeout(naps):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = HttpClient(url, integration="shop", timeout=0.05, sleep=naps.append)
        with closing(client), pytest.raises(Unavailable, match="ReadTimeout"):
            client.get("/things")

    assert len(naps) == 2


def test_an_endless_slow_answer_is_cut_off(shop, url, naps):
    client = HttpClient(url, integration="shop", patience=-1, sleep=naps.append)
    with closing(client), pytest.raises(Unavailable, match="needed more than -1 s to answer GET /things"):
        client.get("/things")


def test_an_answer_that_is_too_large_is_not_read(shop, url):
    with closing(HttpClient(url, integration="shop", max_bytes=10)) as client, pytest.raises(Rejected) as caught:
        client.get("/things")

    assert caught.value.code == "RESPONSE_TOO_LARGE"
    assert len(shop.requests) == 1


def test_a_download_goes_into_a_file_and_not_into_memory(client, shop, tmp_path):
    with (tmp_path / "page.html").open("wb") as file:
        answer = client.download("/page", file, max_bytes=100, patience=5)

    assert (tmp_path / "page.html").read_text() == "<h1>Sign in</h1>"
    assert (answer.status_code, answer.body) == (200, b"")


@pytest.mark.parametrize(
    ("limits", "error"),
    [({"max_bytes": 5, "patience": 5}, Rejected), ({"max_bytes": 100, "patience": -1}, Unavailable)],
)
def test_a_download_has_its_own_limits(client, tmp_path, limits, error):
    with (tmp_path / "page.html").open("wb") as file, pytest.raises(error):
        client.download("/page", file, **limits)


def test_a_refused_download_raises_the_reason_and_leaves_the_file_empty(client, shop, tmp_path):
    shop.fail_next(404, body={"error": "no such page"})

    with (tmp_path / "page.html").open("wb") as file, pytest.raises(NotFound, match="no such page"):
        client.download("/page", file, max_bytes=100, patience=5)

    assert (tmp_path / "page.html").read_bytes() == b""
    assert len(shop.requests) == 1


def test_a_file_is_sent_with_its_length(client, shop, tmp_path):
    (tmp_path / "thing.json").write_text('{"name": "New"}')

    with (tmp_path / "thing.json").open("rb") as file:
        client.request("POST", "/things", content=file)

    assert shop.requests[0].json() == {"name": "New"}
    assert shop.requests[0].headers["content-length"] == "15"


def test_an_answer_that_is_not_json_is_unavailable(client):
    with pytest.raises(Unavailable, match="GET /page was answered with something other than JSON"):
        client.get("/page")


def test_an_integration_may_read_refusals_in_the_providers_format(shop, url):
    def verdict(answer: Answer) -> UserFacingConfigError | None:
        return UserFacingConfigError(answer.json()["error"]) if answer.status_code == 403 else None

    with closing(HttpClient(url, integration="shop", verdict=verdict)) as client:
        shop.fail_next(403, body={"error": "pay first"})
        with pytest.raises(UserFacingConfigError, match="pay first"):
            client.get("/things")
        shop.fail_next(404)
        with pytest.raises(NotFound, match="shop answered 404"):
            client.get("/things")


def test_a_read_follows_redirects_on_the_same_origin(client, shop):
    assert client.get("/moved")["things"] == [1, 2]
    assert shop.requests[-1].token == "t-1"


def test_no_redirect_to_another_origin_is_followed(client, shop):
    with pytest.raises(Rejected, match="shop answered 301"):
        client.get("/moved", to="http://127.0.0.1:1/v1/things")

    assert len(shop.requests) == 1


def test_a_redirect_loop_is_refused(client, shop):
    with pytest.raises(Rejected, match="redirects GET /round in a loop"):
        client.get("/round")


def test_a_write_follows_a_redirect_that_keeps_method_and_body(client, shop):
    assert client.request("POST", "/moved", json={"a": 1}).json() == {"made": {"a": 1}}
    assert [request.path for request in shop.requests] == ["/v1/moved", "/v1/things"]


def test_a_file_follows_such_a_redirect_from_its_start(client, shop):
    file = io.BytesIO(b"skipped" + b"[1, 2]")
    file.seek(7)

    assert client.request("POST", "/moved", content=file).json() == {"made": [1, 2]}


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_write_does_not_follow_a_redirect_that_may_become_a_read(client, shop, status):
    shop.fail_next(status, headers={"location": "/v1/elsewhere"})

    with pytest.raises(Rejected, match=f"shop answered {status} .*it is now at /v1/elsewhere"):
        client.request("POST", "/things", json={})

    assert len(shop.requests) == 1


@pytest.mark.parametrize("path", ["//elsewhere.example/things", "https://elsewhere.example/things", "things"])
def test_only_paths_below_the_api_are_requested(client, shop, path):
    with pytest.raises(ValueError, match="not a path from the root"):
        client.get(path)

    assert shop.requests == []


@pytest.mark.parametrize("token", ["two\nlines", "dotted…", "nul\x00"])
def test_an_invalid_token_is_refused_and_never_shown(token):
    with pytest.raises(AuthFailed, match="header 'authorization' has characters") as caught:
        HttpClient("https://shop.example", integration="shop", token=token)

    assert token not in str(caught.value)


def test_an_invalid_header_is_invalid_input(client, shop):
    with pytest.raises(InvalidInput, match="header 'x-name'"):
        client.request("GET", "/things", headers={"x-name": "two\nlines"})

    assert shop.requests == []


def test_no_message_holds_the_secrets_of_a_query(client, shop):
    shop.fail_next(404)

    with pytest.raises(NotFound) as caught:
        client.get("/things", key="secret-key-value")

    assert "secret-key-value" not in str(caught.value)
