"""A provider, and a definition that binds methods to it."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, SharedFakeServer, route, serve

KEY = "key-of-the-branch"

PARCEL = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "content": {"type": "string"}},
    "required": ["id", "content"],
}


class Depot(FakeProvider):
    """Parcels, which only the holder of the key may see."""

    name = "depot"

    def __init__(self) -> None:
        super().__init__()
        self.parcels = {str(number): f"parcel {number}" for number in range(1, 6)}

    def handle(self, request: FakeRequest) -> FakeResponse:
        if request.headers.get("x-depot-key") != KEY:
            self.requests.append(request)
            return FakeResponse(status=401, body={"error": "who are you?"})
        return super().handle(request)

    def page(self, start: int, size: int) -> list[dict[str, str]]:
        return [{"id": key, "content": content} for key, content in self.parcels.items()][start : start + size]

    @route("GET", "/v1/parcels/{id}")
    def get(self, request: FakeRequest) -> Any:
        content = self.parcels.get(request.params["id"])
        if content is None:
            return FakeResponse(status=404, body={"error": "no such parcel"})
        return {"parcel": {"id": request.params["id"], "content": content}}

    @route("POST", "/v1/parcels")
    def add(self, request: FakeRequest) -> Any:
        self.parcels["9"] = request.json()["content"]
        return FakeResponse(status=201, body={"parcel": {"id": "9", "content": self.parcels["9"]}})

    @route("GET", "/v1/by-cursor")
    def by_cursor(self, request: FakeRequest) -> Any:
        start = int(request.query.get("after", "0"))
        rest = start + 2 < len(self.parcels)
        return {"items": self.page(start, 2), "next": str(start + 2) if rest else None}

    @route("GET", "/v1/by-page")
    def by_page(self, request: FakeRequest) -> Any:
        size = int(request.query["size"])
        return {"items": self.page((int(request.query["page"]) - 1) * size, size)}

    @route("GET", "/v1/by-link")
    def by_link(self, request: FakeRequest) -> Any:
        start = int(request.query.get("start", "0"))
        link = {"link": f'</v1/by-link?start={start + 2}>; rel="next"'} if start + 2 < len(self.parcels) else {}
        return FakeResponse(body=self.page(start, 2), headers=link)

    @route("GET", "/v1/astray")
    def astray(self, request: FakeRequest) -> Any:
        link = {"link": f'<{request.query["to"]}>; rel="next"'}
        return FakeResponse(body=self.page(0, 2), headers=link)

    @route("GET", "/v1/strange")
    def strange(self, request: FakeRequest) -> Any:
        return {"parcel": {"id": 7}}

    @route("GET", "/v1/away")
    def away(self, request: FakeRequest) -> Any:
        return FakeResponse(status=302, headers={"location": request.query["to"]})


def _listing(method_id: str, path: str, pagination: dict[str, Any], **request: Any) -> dict[str, Any]:
    return {
        "id": method_id,
        "name": "List",
        "description": "List parcels.",
        "inputSchema": {
            "type": "object",
            "properties": {"limit": {"type": "integer", "minimum": 1}, "to": {"type": "string"}},
            "additionalProperties": False,
        },
        "outputSchema": {"type": "array", "items": PARCEL},
        "request": {"method": "GET", "path": path, "pagination": {"limit": "limit", **pagination}, **request},
    }


def _single(method_id: str, path: str, *names: str, **more: Any) -> dict[str, Any]:
    return {
        "id": method_id,
        "name": method_id.title(),
        "description": "Do something with a parcel.",
        "inputSchema": {
            "type": "object",
            "properties": {name: {"type": "string", "description": f"The {name}"} for name in names},
            "required": list(names),
            "additionalProperties": False,
        },
        "outputSchema": PARCEL,
        "request": {"method": "GET", "path": path, "output": "/parcel", **more},
    }


_DEFINITION: dict[str, Any] = {
    "integrationId": "depot",
    "name": "Depot",
    "description": "Parcels of a depot.",
    "version": "1.2.0",
    "authType": "apikey",
    "apiKeyConfig": {"name": "X-Depot-Key"},
    "baseUrl": "https://api.depot.example/v1",
    "hosts": ["api.depot.example"],
    "configSchema": {
        "type": "object",
        "properties": {"branch": {"type": "string", "description": "Your branch", "default": "main"}},
    },
    "methods": [
        _single("get", "/parcels/{id}", "id", constants=[{"place": "header", "name": "X-Branch", "config": "branch"}]),
        {**_single("add", "/parcels", "content", method="POST"), "effect": "write"},
        _single("strange", "/strange"),
        _single("away", "/away", "to"),
        _listing("by_cursor", "/by-cursor", {"kind": "cursor", "parameter": "after", "next": "/next"}, output="/items"),
        _listing(
            "by_page",
            "/by-page",
            {"kind": "page", "parameter": "page", "sizeParameter": "size", "size": 2, "maxItems": 4},
            output="/items",
        ),
        _listing("by_link", "/by-link", {"kind": "link"}),
        _listing("astray", "/astray", {"kind": "link"}),
        _listing(
            "patient",
            "/by-cursor",
            {"kind": "cursor", "parameter": "after", "next": "/next", "maxPages": 2},
            output="/items",
        ),
    ],
}


@pytest.fixture
def definition() -> dict[str, Any]:
    """The definition as JSON, for a test to change."""
    return copy.deepcopy(_DEFINITION)


_STAGE = SharedFakeServer()


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    """Where the depot is."""
    with serve(_STAGE) as url:
        yield f"{url}/v1"


@pytest.fixture
def depot() -> Depot:
    """The depot."""
    _STAGE.fake = Depot()
    return _STAGE.fake
