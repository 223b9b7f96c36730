"""A valid integration with its fake, and functions that break it."""

import http.client
import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Annotated, Any
from urllib.parse import urlsplit

import pytest
from pydantic import Field

from wren_core import (
    CredentialSpec,
    CredentialType,
    Integration,
    IntegrationConfig,
    IntegrationSpec,
    OAuth2Config,
    Record,
    UndoSpec,
    method,
)
from wren_core.http_status import raise_for_response
from wren_core.testing import FakeOAuth, FakeProvider, FakeRequest, FakeResponse, FakeUser, route
from wren_core.testing.import_probe import ImportFacts
from wren_core.testing.project import Project
from wren_core.testing.report import QualityReport, check_rules
from wren_core.testing.target import CheckTarget

README = """
| method | what it does |
|---|---|
| `items(limit)` | List items |
| `add(title)` | Add one |
| `remove(item_id)` | Remove one |

Setting: `shelf`. Set SHOP_TOKEN on your own machine.
"""
PROJECT = Project(
    name="wren-shop",
    version="1.0.0",
    summary="A shop",
    license="MIT",
    requires_python=">=3.11",
    requires=("wren-core>=0.1,<0.2", "pytest>=8"),
    readme=README,
)
IMPORTED = ImportFacts(module="wren_shop", cpu_seconds=0.001, modules=("wren_shop",))
# They look at what is installed; their tests install something.
INSTALLED_RULES = ("W101-offer",)


class Answer:
    """An answer, as `raise_for_response` wants it."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status_code = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()


class Client:
    """A client without faults."""

    timeout: float | None = 30

    def __init__(self, base_url: str, token: str) -> None:
        self.place = urlsplit(base_url).netloc
        self.token = token

    def request(self, verb: str, path: str, body: Any = None) -> Any:
        answer = self.send(verb, path, body)
        self.refuse(answer)
        return json.loads(answer.text)

    def send(self, verb: str, path: str, body: Any) -> Answer:
        connection = http.client.HTTPConnection(self.place, timeout=self.timeout)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(verb, path, body=sent, headers={"authorization": f"Bearer {self.token}"})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def refuse(self, answer: Answer) -> None:
        raise_for_response(answer, integration="shop")


class Item(Record):
    """An item."""

    id: Annotated[str, "Identifier"]
    title: Annotated[str, "What it is"]


class Shop(Integration):
    """Keep a list of items."""

    spec = IntegrationSpec(
        name="shop",
        display_name="Shop",
        base_url="https://shop.example/api",
        hosts=("shop.example",),
        auth=OAuth2Config(
            provider="shop",
            authorization_url="https://shop.example/a",
            token_url="https://shop.example/t",
            scopes=("read", "write", "email"),
        ),
        credentials=(
            CredentialSpec(key="access_token", type=CredentialType.OAUTH2, description="A token", env_var="SHOP_TOKEN"),
        ),
    )
    client_class = Client

    class Config(IntegrationConfig):
        """Settings."""

        shelf: Annotated[str, "Where items are kept"] = "top"

    def connect(self) -> Client:
        token = self.credentials["access_token"]
        if not token.isascii() or not token.isprintable():
            raise ValueError("the token holds characters no token has")
        return self.client_class(self.base_url, token)

    @method(scopes=["read"], example="shop.items(limit=5)")
    def items(self, limit: Annotated[int, "At most so many", Field(ge=1, le=100)] = 10) -> list[Item]:
        """List items."""
        found: list[Any] = []
        page = 1
        while page and len(found) < limit:
            answer = self.client.request("GET", f"/api/items?page={page}")
            found += answer["items"]
            page = answer["next"]
        return [Item(**item) for item in found[:limit]]

    @method(
        effect="write",
        scopes=["write"],
        undo=UndoSpec(method="remove", arguments={"item_id": "/output/id"}),
        example='shop.add("Milk")',
    )
    def add(self, title: Annotated[str, "What it is"]) -> Item:
        """Add an item."""
        return Item(**self.client.request("POST", "/api/items", {"title": title}))

    @method(effect="destructive", scopes=["write"], simulate="validate_only", example="shop.remove(item.id)")
    def remove(self, item_id: Annotated[str, "Its id"]) -> None:
        """Remove an item."""
        self.client.request("DELETE", f"/api/items/{item_id}")


class FakeShop(FakeProvider):
    """A shop in memory."""

    name = "shop"

    def __init__(self) -> None:
        super().__init__()
        self.items = {str(number): f"Item {number}" for number in range(3)}
        self.page_size = 50
        self.oauth = FakeOAuth(
            self, users=[FakeUser(email="ann@example.com")], authorize_path="/a", token_path="/t", revoke_path="/r"
        )

    def example_values(self) -> dict[str, Any]:
        return {"item.id": "1"}

    def refusal(self, request: FakeRequest) -> FakeResponse | None:
        needed = "read" if request.method == "GET" else "write"
        if needed in self.oauth.scopes_of(request.token):
            return None
        return FakeResponse(status=403 if self.oauth.user_of(request.token) else 401)

    @route("GET", "/api/items")
    def listing(self, request: FakeRequest) -> Any:
        end = int(request.query["page"]) * self.page_size
        items = [{"id": key, "title": title} for key, title in self.items.items()]
        return {"items": items[end - self.page_size : end], "next": end // self.page_size + 1 if items[end:] else 0}

    @route("POST", "/api/items")
    def create(self, request: FakeRequest) -> Any:
        key = str(len(self.items))
        self.items[key] = request.json()["title"]
        return {"id": key, "title": self.items[key]}

    @route("DELETE", "/api/items/{id}")
    def delete(self, request: FakeRequest) -> Any:
        known = self.items.pop(request.params["id"], None)
        return {} if known else FakeResponse(status=404)


def changed(base: type[Integration] = Shop, **members: Any) -> type[Integration]:
    """Return a class like `base`, but for these members; `spec` changes fields of the spec, `client` the client."""
    spec = base.spec.model_copy(update=members.pop("spec", {}))
    client = members.pop("client", {})
    if client:
        members["client_class"] = type("Changed", (Client,), client)
    return type("Changed", (base,), {"__doc__": base.__doc__, **members, "spec": spec})


def target(integration: type[Integration] = Shop, **facts: Any) -> CheckTarget:
    """Return a target; `project` changes fields of the project."""
    project = replace(PROJECT, **facts.pop("project", {}))
    return CheckTarget(
        integration=integration, project=project, **{"make_fake": FakeShop, "imported": IMPORTED, **facts}
    )


def report(target: CheckTarget) -> QualityReport:
    """Check by every rule that needs no installation."""
    from wren_core.testing.rules.registry import RULES

    return check_rules(target, rules=[rule for rule in RULES if rule.id not in INSTALLED_RULES])


@pytest.fixture(scope="session")
def shop() -> SimpleNamespace:
    """The valid integration, its fake, and functions that change and check them."""
    recorded = target().calls

    def with_recorded_calls(target: CheckTarget) -> CheckTarget:
        """Give a target the recorded calls of the valid integration."""
        vars(target)["calls"] = recorded
        return target

    return SimpleNamespace(
        Integration=Shop,
        Fake=FakeShop,
        Item=Item,
        changed=changed,
        target=target,
        with_recorded_calls=with_recorded_calls,
        report=report,
    )


@pytest.fixture(scope="session")
def failures(shop: SimpleNamespace) -> Callable[[CheckTarget], dict[str, list[str]]]:
    """A function that returns rule id -> messages of the rules that fail."""

    def failures(target: CheckTarget) -> dict[str, list[str]]:
        return {
            result.rule.id: [f"{item.place}: {item.message}" for item in result.faults]
            for result in report(target).results
            if result.outcome == "failed"
        }

    return failures
