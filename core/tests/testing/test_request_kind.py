import json

import pytest

from wren_core.testing.fake_provider import FakeRequest
from wren_core.testing.request_kind import effect_of, is_same_kind, key_of, last_write, operation_of


def post(body=None, path="/api", **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return FakeRequest(method="POST", path=path, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=raw)


def graphql(text, **more):
    return post({"query": text, **more}, path="/graphql")


BOTH = "query Find($id: ID!) { item(id: $id) { id } } mutation Add { addItem { id } }"
FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("request_", "operation", "effect"),
    [
        (graphql("{ items { id } }"), "query items", "read"),
        (graphql("query { me: viewer { id } }"), "query viewer", "read"),
        (graphql("query Find($x: Int = 3) { a }"), "query Find", "read"),
        (graphql('# mutation in a comment\nquery { a(text: "mutation { b }") { mutation } }'), "query a", "read"),
        (graphql("mutation { addItem(title: \"x\") { id } }"), "mutation addItem", "write"),
        (graphql("fragment F on Item { id } mutation Add { addItem { ...F } }"), "mutation Add", "write"),
        (graphql(BOTH, operationName="Add"), "mutation Add", "write"),
        (graphql(BOTH, operationName="Find"), "query Find", "read"),
        (post({"operationName": "AddItem", "extensions": {"persistedQuery": {}}}), "AddItem", "unknown"),
        (post({"jsonrpc": "2.0", "method": "items.get", "id": 1}), "items.get", "read"),
        (post({"jsonrpc": "2.0", "method": "eth_send", "params": [], "id": 1}), "eth_send", "unknown"),
        (post({"jsonrpc": "2.0", "method": "getItems", "id": 1}), "getItems", "read"),
        (post({"jsonrpc": "2.0", "method": "getaway.book", "id": 1}), "getaway.book", "unknown"),
        (post([{"jsonrpc": "2.0", "method": "get"}, {"jsonrpc": "2.0", "method": "add"}]), "get + add", "unknown"),
        (post(b"<x/>", soapaction="urn:shop#AddItem"), "urn:shop#AddItem", "unknown"),
        (post({}, x_amz_target="Shop_2012.ListItems"), "Shop_2012.ListItems", "read"),
        (post(b"Action=DeleteItem&id=1", **FORM), "DeleteItem", "unknown"),
        (post({"title": "x", "method": "card"}), "", "unknown"),
        (post(b"\xff"), "", "unknown"),
        (FakeRequest(method="GET", path="/items"), "", "read"),
        (FakeRequest(method="GET", path="/", query_all={"method": ["item.delete"]}), "item.delete", "unknown"),
    ],
)  # fmt: skip
def test_a_request_says_what_it_does(request_, operation, effect):
    assert (operation_of(request_), effect_of(request_)) == (operation, effect)


def test_the_write_of_a_call_is_the_last_request_that_does_not_say_that_it_reads():
    lookup, add, look = graphql("{ items }"), graphql("mutation { addItem }"), graphql("{ item }")

    assert last_write([lookup, add, look]) is add
    assert last_write([lookup, look]) is look
    assert last_write([]) is None
    assert not is_same_kind(lookup, add)
    assert is_same_kind(add, graphql("mutation { addItem }", variables={"x": 1}))


@pytest.mark.parametrize("name", ["idempotency_key", "x_shop_once", "paypal_request_id", "x_idempotence_token"])
def test_a_key_is_a_header_that_another_call_does_not_share_whatever_its_name(name):
    plain = post({}, **{name: "key-of-plain-call", "x_version": "2026-01-01"})
    again = post({}, **{name: "key-of-this-call", "x_version": "2026-01-01"})

    assert key_of(again, unlike=plain) == ((name.replace("_", "-"), "key-of-this-call"),)


@pytest.mark.parametrize(
    "name", ["traceparent", "x_request_id", "x_correlation_id", "date", "x_signature", "authorization", "user_agent"]
)
def test_what_differs_in_every_request_anyway_is_no_key(name):
    assert key_of(post({}, **{name: "one-value-of-it"}), unlike=post({}, **{name: "another-value"})) == ()


def test_a_key_in_a_body_is_known_by_its_name():
    one = graphql("mutation { a }", variables={"input": {"clientMutationId": "aaaa-bbbb", "title": "Milk and bread"}})
    other = graphql("mutation { a }", variables={"input": {"clientMutationId": "cccc-dddd", "title": "Another title"}})

    assert key_of(one, unlike=other) == (("clientMutationId", "aaaa-bbbb"),)
