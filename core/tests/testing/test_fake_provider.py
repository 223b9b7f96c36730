import asyncio

import httpx2
import pytest

from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, route, serve
from wren_core.testing.patience import patience


class FakeShop(FakeProvider):
    name = "shop"

    def __init__(self):
        super().__init__()
        self.orders = {}

    @route("POST", "/orders")
    def create(self, request: FakeRequest):
        order = {"id": f"o{len(self.orders) + 1}", **request.json()}
        self.orders[order["id"]] = order
        return FakeResponse(status=201, body=order, headers={"x-limit": "9"})

    @route("GET", "/orders/search")
    def search(self, request: FakeRequest):
        return [order for order in self.orders.values() if order["sku"] == request.query["sku"]]

    @route("GET", "/orders/{id}")
    def get(self, request: FakeRequest):
        return self.orders.get(request.params["id"]) or FakeResponse(status=404, body={"error": "gone"})

    @route("GET", "/files/{path*}")
    @route("HEAD", "/files/{path*}")
    def file(self, request: FakeRequest):
        return FakeResponse(body=request.params["path"].encode())

    @route("POST", "/form")
    def form(self, request: FakeRequest):
        return {"form": request.form(), "token": request.token, "tags": request.query_all.get("tag", [])}

    @route("GET", "/page")
    def page(self, request: FakeRequest):
        return FakeResponse(body="<h1>Hi</h1>")

    @route("DELETE", "/everything")
    def clear(self, request: FakeRequest):
        return FakeResponse(status=204)


@pytest.fixture
def shop():
    return FakeShop()


def ask(shop: FakeProvider, method: str, path: str, **extra) -> FakeResponse:
    return shop.handle(FakeRequest(method=method, path=path, **extra))


def test_a_created_object_can_be_read_again(shop):
    created = ask(shop, "POST", "/orders", body=b'{"sku": "a"}')

    assert (created.status, created.headers) == (201, {"x-limit": "9"})
    assert ask(shop, "GET", "/orders/o1").body == {"id": "o1", "sku": "a"}


def test_the_first_of_two_matching_routes_handles_a_request(shop):
    ask(shop, "POST", "/orders", body=b'{"sku": "a"}')

    assert ask(shop, "GET", "/orders/search", query_all={"sku": ["a"]}).body == [{"id": "o1", "sku": "a"}]


def test_a_star_matches_the_rest_of_the_path_and_a_handler_may_have_two_routes(shop):
    assert ask(shop, "GET", "/files/a/b.txt").body == b"a/b.txt"
    assert ask(shop, "HEAD", "/files/a").body == b"a"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("PUT", "/orders"), ("GET", "/orders/a/b"), ("GET", "/filesx")]
)
def test_a_request_that_no_route_matches_is_not_found(shop, method, path):
    assert ask(shop, method, path).status == 404


def test_a_fake_may_replace_the_response_to_unknown_routes():
    class Slackish(FakeProvider):
        def not_found(self, request):
            return FakeResponse(body={"ok": False, "error": "unknown_method"})

    assert ask(Slackish(), "GET", "/x").body == {"ok": False, "error": "unknown_method"}


def test_a_subclass_may_replace_or_remove_a_route():
    class Closed(FakeShop):
        get = None

        @route("POST", "/orders")
        def create(self, request):
            return FakeResponse(status=403)

    closed = Closed()

    assert ask(closed, "POST", "/orders").status == 403
    assert ask(closed, "GET", "/orders/o1").status == 404


def test_every_request_is_recorded(shop):
    ask(shop, "GET", "/page")
    ask(shop, "GET", "/nowhere")

    assert [(request.method, request.path) for request in shop.requests] == [("GET", "/page"), ("GET", "/nowhere")]


def test_the_next_requests_can_be_made_to_fail(shop):
    shop.fail_next(429, times=2, path="/page", headers={"retry-after": "1"})
    shop.fail_next(500, body="")

    answers = [ask(shop, "GET", path) for path in ("/page", "/files/a", "/page", "/page")]

    assert [answer.status for answer in answers] == [429, 500, 429, 200]
    assert answers[0].headers == {"retry-after": "1"}
    assert answers[0].body == {"error": "fault 429"}
    assert answers[1].body == ""


class FakeLockedShop(FakeShop):
    def credentials(self):
        return {"api_key": "open"}

    def refusal(self, request: FakeRequest):
        is_known = request.headers.get("x-key") == self.credentials()["api_key"]
        return None if is_known else FakeResponse(status=401, body={"error": "no key"})


def test_a_fake_that_requires_credentials_refuses_before_any_route_and_records_the_request():
    shop = FakeLockedShop()

    refused = shop.handle(FakeRequest(method="POST", path="/orders", body=b'{"sku": "a"}'))
    answered = shop.handle(FakeRequest(method="GET", path="/page", headers={"x-key": "open"}))

    assert (refused.status, answered.status, len(shop.requests)) == (401, 200, 2)
    assert shop.orders == {}


def test_a_fake_requires_no_credentials_by_default(shop):
    assert (shop.credentials(), shop.configuration("http://127.0.0.1:1")) == ({}, {})
    assert shop.refusal(FakeRequest(method="GET", path="/")) is None


def test_a_fake_handles_real_http_requests(shop):
    with serve(shop) as url, httpx2.Client(base_url=url) as client:
        created = client.post("/orders", json={"sku": "a"})
        page = client.get("/page")
        form = client.post("/form?tag=x&tag=y", data={"a": "1", "b": ""}, headers={"Authorization": "Bearer tok"})
        binary = client.get("/files/a%20b")
        empty = client.delete("/everything")

    assert (created.status_code, created.json(), created.headers["x-limit"]) == (201, {"id": "o1", "sku": "a"}, "9")
    assert (page.text, page.headers["content-type"]) == ("<h1>Hi</h1>", "text/html; charset=utf-8")
    assert form.json() == {"form": {"a": "1", "b": ""}, "token": "tok", "tags": ["x", "y"]}
    assert (binary.content, binary.headers["content-type"]) == (b"a b", "application/octet-stream")
    assert (empty.status_code, empty.content) == (204, b"")


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer "])
def test_a_request_without_a_bearer_token_has_no_token(header):
    assert FakeRequest(method="GET", path="/", headers={"authorization": header}).token is None


def test_an_empty_body_reads_as_an_empty_object():
    assert FakeRequest(method="POST", path="/").json() == {}


def test_responses_can_be_delayed_until_the_client_gives_up_or_the_delay_ends(shop):
    with serve(shop) as url, httpx2.Client(base_url=url, timeout=0.05) as client:
        shop.delay_next(60, path="/page")
        other = client.get("/files/a")
        with pytest.raises(httpx2.ReadTimeout):
            client.get("/page")
        shop.delay_next(0.01)
        late = client.get("/page", timeout=patience(30))

    assert (other.status_code, late.text) == (200, "<h1>Hi</h1>")
    assert [request.path for request in shop.requests] == ["/files/a", "/page", "/page"]


def test_a_fake_can_close_the_connection(shop, caplog):
    with serve(shop) as url, httpx2.Client(base_url=url) as client:
        shop.drop_next(times=2, path="/page")
        for _ in range(2):
            with pytest.raises(httpx2.TransportError):
                client.get("/page")
        answers = [client.get("/page"), client.get("/files/a")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [request.path for request in shop.requests] == ["/page", "/page", "/page", "/files/a"]
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


def test_faults_can_be_cancelled(shop):
    shop.fail_next(500, times=9)
    shop.drop_next(times=9)
    shop.delay_next(60, times=9)
    shop.end_faults()

    with serve(shop) as url, httpx2.Client(base_url=url) as client:
        assert client.get("/page").status_code == 200


def test_a_server_that_cannot_close_connections_gets_an_error(shop):
    shop.drop_next()
    scope = {"type": "http", "method": "GET", "path": "/page", "query_string": b"", "headers": []}

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        raise AssertionError(message)

    with pytest.raises(RuntimeError, match=r"serve the fake with wren_core\.testing\.serve"):
        asyncio.run(shop(scope, receive, send))


def test_pages_are_limited_where_the_fake_has_a_page_size(shop):
    class Paged(FakeShop):
        page_size = 50

    paged = Paged()

    assert (paged.limit_pages(2), paged.page_size) == (True, 2)
    assert shop.limit_pages(2) is False
    assert shop.example_values() == {}
