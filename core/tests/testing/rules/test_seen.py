"""Rules about behaviour: each broken by an integration, or a fake, that is sound but for that."""

import logging
import socket
from contextlib import suppress
from typing import Annotated, Any

import pytest
from pydantic import Field

from wren_core import RateLimited, Rejected, UndoSpec, method
from wren_core.http_status import raise_for_response
from wren_core.testing import FakeProvider
from wren_core.testing.rules.registry import RULES


def refusing_as(status: int, error: Exception) -> dict[str, Any]:
    """Return what makes a client raise `error` for a status."""

    def refuse(self, answer):
        if answer.status_code == status:
            raise error
        raise_for_response(answer, integration="shop")

    return {"refuse": refuse}


def deaf(self, verb, path, body):
    try:
        return type(self).__mro__[1].send(self, verb, path, body)
    except OSError:
        raise Rejected("something went wrong") from None


def insistent(self, verb, path, body=None):
    for _ in range(2):
        answer = self.send(verb, path, body)
        if answer.status_code < 500:
            break
    self.refuse(answer)
    return __import__("json").loads(answer.text)


def curious(self, verb, path, body):
    with suppress(OSError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    return type(self).__mro__[1].send(self, verb, path, body)


def talkative(self, verb, path, body):
    logging.getLogger("shop").debug("sending %s with %s", path, self.token)
    return type(self).__mro__[1].send(self, verb, path, body)


def in_the_address(self, verb, path, body):
    try:
        return type(self).__mro__[1].send(self, verb, path, body)
    except OSError as exc:
        raise ConnectionError(f"https://shop.example{path}?key={self.token}") from exc


def connect_late(self):
    token = self.credentials.get("access_token", "none")
    return self.client_class(self.base_url, token if token.isprintable() else "broken")


def hasty_connect(self):
    return self.client_class(self.base_url, self.credentials["access_token"])


def items(body: Any, *, maximum: int | None = 100, scopes: tuple[str, ...] = ("read",)) -> Any:
    bound = Field(ge=1, le=maximum) if maximum else Field(ge=1)

    @method(scopes=scopes, example="shop.items(limit=5)")
    def items(self, limit: Annotated[int, "At most so many", bound] = 10) -> list[dict[str, str]]:
        """List items."""
        return body(self, limit)

    return items


def first_page(self, limit):
    return self.client.request("GET", "/api/items?page=1")["items"][:limit]


def whole_page(self, limit):
    found, page = [], 1
    while page:
        answer = self.client.request("GET", f"/api/items?page={page}")
        found, page = found + answer["items"], answer["next"]
    return found


def bounded(self, limit):
    return whole_page(self, limit)[:limit]


def adding(pointer: str) -> Any:
    @method(
        effect="write",
        scopes=["write"],
        undo=UndoSpec(method="remove", arguments={"item_id": pointer}),
        example='shop.add("Milk")',
    )
    def add(self, title: Annotated[str, "What it is"]) -> Annotated[dict[str, str], "The item"]:
        """Add an item."""
        return self.client.request("POST", "/api/items", {"title": title})

    return add


INTEGRATIONS = [
    ("W108-exposure", {"__repr__": lambda self: str(dict(self.credentials))}, "repr() of the instance holds"),
    ("W108-exposure", {"client": {"send": talkative}}, "the log of shop.items holds a credential (plain)"),
    ("W108-exposure", {"client": {"send": in_the_address}}, "the traceback of shop.items holds a credential (plain)"),
    ("W108-exposure", {"connect": hasty_connect}, "the traceback of shop.items holds a credential"),
    ("W203-auth-errors", {"client": refusing_as(401, Rejected("no"))}, "after 401 it should raise AuthFailed"),
    ("W203-auth-errors", {"client": refusing_as(403, RateLimited("no"))}, "after 403 it should raise an error"),
    ("W204-rate-limits", {"client": refusing_as(429, RateLimited("no", 1))}, "RateLimited with retry_after=1234"),
    ("W204-rate-limits", {"client": refusing_as(429, Rejected("no"))}, "it came to Rejected: no"),
    ("W205-outages", {"client": refusing_as(500, Rejected("no"))}, "after 500 it should raise Unavailable"),
    ("W205-outages", {"client": refusing_as(503, Rejected("no"))}, "after 503 it should raise Unavailable"),
    ("W206-credentials", {"connect": connect_late}, "shop.access_token: connect() works without 'access_token'"),
    ("W304-pagination", {"items": items(first_page)}, "it reads the first page only: 1 of 3 items"),
    ("W304-pagination", {"items": items(whole_page)}, "shop.items: limit=1 gives 3 items"),
    ("W304-pagination", {"items": items(bounded, maximum=None)}, "'limit' has no maximum"),
    ("W305-hosts", {"client": {"send": curious}}, "shop.items: it contacts 192.0.2.1:80"),
    ("W306-scopes", {"items": items(bounded, scopes=("email",))}, "shop.items: its declared scopes are not enough"),
    ("W307-undo", {"add": adding("/output/number")}, "shop.add: its undo, remove, fails: LookupError"),
    ("W307-undo", {"add": adding("/input/title")}, "shop.add: its undo, remove, fails: NotFound"),
    ("W308-repeats", {"client": {"request": insistent}}, "shop.add: after 500 it sends POST /api/items 2 times"),
]


@pytest.mark.parametrize(("rule", "members", "message"), INTEGRATIONS)
def test_an_integration_that_breaks_a_rule_is_found_by_it_alone(shop, failures, rule, members, message):
    found = failures(shop.subject(shop.changed(**members)))

    assert set(found) == {rule}
    assert [item for item in found[rule] if message in item]


def test_what_the_provider_said_may_stand_behind_an_error(shop, failures):
    """Providers quote the keys they refuse: the message must hide that, the cause is for the log."""

    def refuse(self, answer):
        try:
            raise_for_response(answer, integration="shop")
        except Exception as exc:
            raise exc from ValueError(answer.text)

    assert failures(shop.subject(shop.changed(client={"refuse": refuse}))) == {}


def test_a_client_without_a_time_limit_is_found(shop, failures):
    integration = shop.changed(client={"timeout": None}, add=None, remove=None)

    found = failures(shop.subject(integration, project={"readme": "- `items(limit)` shelf SHOP_TOKEN"}))

    assert found == {
        "W302-timeouts": ["shop.items: after stall it should raise Unavailable; it came to no error at all"],
        "W306-scopes": ["shop: every connection asks for write, and no method declares it"],
    }


def test_a_broken_connection_that_is_called_something_else_is_found(shop, failures):
    found = failures(shop.subject(shop.changed(client={"send": deaf})))

    assert set(found) == {"W302-timeouts", "W303-disconnects"}
    assert "it came to Rejected: something went wrong" in found["W303-disconnects"][0]


def test_an_integration_without_a_fake_is_silver_with_its_errors_proved(shop):
    report = shop.report(shop.subject(make_fake=None))

    outcomes = {result.rule.code: result.outcome for result in report.results}
    assert report.tier.label == "silver"
    assert {outcomes[code] for code in ("W108", "W203", "W204", "W205", "W302", "W303")} == {"passed"}
    assert [code for code, outcome in outcomes.items() if outcome == "failed"] == ["W301", "W307"]


def fake(shop, **members):
    return type("Other", (shop.Fake,), members)


@pytest.mark.parametrize(
    ("members", "rule", "message"),
    [
        (
            {"example_values": lambda self: {}},
            "W301-fake",
            "shop.remove: the example uses item.id; return what that is",
        ),
        ({"example_values": lambda self: {"item.id": "9"}}, "W301-fake", "shop.remove: the example fails: NotFound"),
    ],
)
def test_a_fake_with_which_an_example_does_not_work_is_found(shop, failures, members, rule, message):
    found = failures(shop.subject(make_fake=fake(shop, **members)))

    assert set(found) == {rule}
    assert [item for item in found[rule] if message in item]


def test_a_fake_that_cannot_be_made_is_told_of_by_every_rule_that_needs_it(shop, failures):
    def broken():
        raise RuntimeError("no disk")

    found = failures(shop.subject(make_fake=broken))

    assert found["W301-fake"] == ["shop: it could not be tried: RuntimeError: no disk"]
    assert {"W203-auth-errors", "W302-timeouts", "W304-pagination", "W307-undo"} <= set(found)


def test_a_fake_without_scopes_is_found(shop, failures):
    class Scopeless(shop.Fake):
        def __init__(self):
            super().__init__()
            self.issuer = None

        def refusal(self, request):
            return None

    assert failures(shop.subject(make_fake=Scopeless)) == {
        "W306-scopes": ["shop: its fake gives no tokens with scopes; mount a FakeOAuth, or set `issuer`"]
    }


def notes(shop, target):
    return [item.message for result in shop.report(target).results for item in result.findings if item.weight == "note"]


def test_what_the_fake_leaves_unproved_is_noted(shop):
    class Kind(shop.Fake):
        def __init__(self):
            super().__init__()
            self.items = {"1": "Milk"}

        def refusal(self, request):
            return None

    class Pageless(Kind):
        def limit_pages(self, size):
            return False

    assert "fewer than two items" in notes(shop, shop.subject(make_fake=Kind))[0]
    assert "limit_pages() says that it has none" in notes(shop, shop.subject(make_fake=Pageless))[0]
    assert "without any scope" in notes(shop, shop.subject(make_fake=Kind))[1]


def test_a_host_nothing_in_the_package_names_is_noted(shop):
    integration = shop.changed(spec={"hosts": ("shop.example", "idle" + ".example")})

    assert notes(shop, shop.rehearsed(shop.subject(integration))) == [
        "`hosts` names idle.example, and nothing else in the package does"
    ]


def test_what_asks_its_host_needs_a_fake_of_it(shop, failures):
    @method(effect="write", example='shop.tell("Hi")')
    def tell(self, text: Annotated[str, "What"]) -> Annotated[str, "Id"]:
        """Tell people."""
        return str(self.host.request("messages.send", {"body": text})["id"])

    class FakeHost(FakeProvider):
        def request(self, operation, payload):
            return {"id": payload["body"]}

    nobody = {
        "base_url": None,
        "hosts": (),
        "auth": None,
        "credentials": (),
        "oauth_provider": None,
        "oauth_scopes": (),
    }
    integration = shop.changed(spec=nobody, items=None, add=None, remove=None, tell=tell)
    about = {"readme": "- `tell(text)` shelf"}

    without = failures(shop.subject(integration, make_fake=None, project=about))
    with_fake = failures(shop.subject(integration, make_fake=FakeHost, project=about))

    assert without == {"W301-fake": ["pyproject.toml: no entry point 'shop' of the group \"wren.fakes\""]}
    assert with_fake == {}


def test_every_rule_is_broken_by_some_test(request):
    folder = request.path.parent
    text = "".join(path.read_text() for path in folder.glob("test_*.py"))

    assert [rule.id for rule in RULES if f'"{rule.id}"' not in text and rule.code not in ("W101", "W402")] == []
