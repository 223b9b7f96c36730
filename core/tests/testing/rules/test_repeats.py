"""W308 for APIs whose requests all go to one path."""

from typing import Any
from uuid import uuid4

import pytest

from wren_core import Integration, IntegrationSpec, Record, method
from wren_core.errors import TransientError
from wren_core.http_client import HttpClient
from wren_core.testing import FakeProvider, FakeRequest, route
from wren_core.testing.rules.repeats import RULE
from wren_core.testing.target import CheckTarget

LOOKUP = '{ list(name: "groceries") { id } }'
ADD = 'mutation { addItem(list: 1, title: "Milk") { id } }'


class Board(FakeProvider):
    """A GraphQL API and a JSON-RPC API."""

    name = "board"

    @route("POST", "/graphql")
    @route("POST", "/rpc")
    def answer(self, request: FakeRequest) -> Any:
        return {"data": {"id": "7"}, "result": "7"}


class Item(Record):
    """An item."""

    id: str


class Base(Integration):
    """A board."""

    spec = IntegrationSpec(name="board", display_name="Board", base_url="https://board.example")

    def send(self, path: str, body: dict[str, Any], **options: Any) -> None:
        self.client.request("POST", path, json=body, **options)

    def connect(self) -> HttpClient:
        return HttpClient(self.base_url, integration="board", sleep=lambda _: None)


def findings(add: Any) -> list[str]:
    def add_item(self) -> Item:
        """Add an item."""
        add(self)
        return Item(id="7")

    members = {"__doc__": "A board.", "add_item": method(effect="write", example="board.add_item()")(add_item)}
    integration = type("Boards", (Base,), members)
    return [item.message for item in RULE.check(CheckTarget(integration=integration, make_fake=Board))]


def test_a_lookup_that_is_repeated_before_a_mutation_is_no_repeated_write():
    def add(self):
        self.send("/graphql", {"query": LOOKUP}, repeatable=True)
        self.send("/graphql", {"query": ADD})

    assert findings(add) == []


def test_a_lookup_after_the_mutation_is_not_taken_for_the_write():
    def add(self):
        self.send("/graphql", {"query": ADD})
        self.send("/graphql", {"query": LOOKUP}, repeatable=True)

    assert findings(add) == []


@pytest.mark.parametrize("reads_first", [True, False])
def test_a_mutation_that_is_repeated_is_reported_by_its_name(reads_first):
    def add(self):
        if reads_first:
            self.send("/graphql", {"query": LOOKUP}, repeatable=True)
        self.send("/graphql", {"query": ADD}, repeatable=True)

    assert findings(add) == ["after 500 it sends POST /graphql mutation addItem 3 times"]


def test_methods_of_json_rpc_are_kinds_too():
    def call(name):
        return {"jsonrpc": "2.0", "id": 1, "method": name}

    def right(self):
        self.send("/rpc", call("lists.find"), repeatable=True)
        self.send("/rpc", call("items.add"))

    def wrong(self):
        self.send("/rpc", call("lists.find"))
        self.send("/rpc", call("items.add"), repeatable=True)

    assert findings(right) == []
    assert findings(wrong) == ["after 500 it sends POST /rpc items.add 3 times"]


@pytest.mark.parametrize("header", ["Idempotency-Key", "X-Board-Once", "Request-Token-Idempotent"])
def test_a_key_under_any_name_makes_a_write_safe_to_repeat(header):
    assert findings(lambda self: self.send("/graphql", {"query": ADD}, key_header=header)) == []


def test_a_new_key_for_each_attempt_does_not():
    def add(self):
        for _ in range(2):
            try:
                return self.send("/graphql", {"query": ADD}, headers={"X-Board-Once": str(uuid4())})
            except TransientError as exc:
                failure = exc
        raise failure

    assert findings(add) == ["after 500 it sends POST /graphql mutation addItem 2 times"]
