"""Rules about behaviour: each is broken by an integration, or a fake, that is valid otherwise."""

import logging
import socket
from contextlib import suppress
from typing import Annotated, Any

import pytest
from pydantic import Field

from wren_core import RateLimited, Rejected, Unavailable, UndoSpec, method
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


def hides_failures(self, verb, path, body):
    try:
        return type(self).__mro__[1].send(self, verb, path, body)
    except OSError:
        raise Rejected("something went wrong") from None


def retries_writes(self, verb, path, body=None):
    for _ in range(2):
        answer = self.send(verb, path, body)
        if answer.status_code < 500:
            break
    self.refuse(answer)
    return __import__("json").loads(answer.text)


def says_that_nothing_was_done(self, verb, path, body=None):
    try:
        return type(self).__mro__[1].request(self, verb, path, body)
    except (Unavailable, OSError) as exc:
        raise Unavailable(str(exc), nothing_done=True) from exc


def contacts_another_host(self, verb, path, body):
    with suppress(OSError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    return type(self).__mro__[1].send(self, verb, path, body)


def logs_the_token(self, verb, path, body):
    logging.getLogger("shop").debug("sending %s with %s", path, self.token)
    return type(self).__mro__[1].send(self, verb, path, body)


def quotes_the_token(self, verb, path, body):
    try:
        return type(self).__mro__[1].send(self, verb, path, body)
    except OSError as exc:
        raise ConnectionError(f"https://shop.example{path}?key={self.token}") from exc


def connect_without_credential(self):
    token = self.credentials.get("access_token", "none")
    return self.client_class(self.base_url, token if token.isprintable() else "broken")


def connect_unchecked(self):
    return self.client_class(self.base_url, self.credentials["access_token"])


def sending(verb: str, **declared: Any) -> Any:
    """Return a method that sends a write and does not say so."""

    @method(scopes=["write"], example='shop.add("Milk")', **declared)
    def add(self, title: Annotated[str, "What it is"]) -> Annotated[Any, "The answer"]:
        """Add an item."""
        path = "/api/items" if verb == "POST" else "/api/items/1"
        return self.client.request(verb, path, {"title": title})

    return add


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
    ("W108-exposure", {"client": {"send": logs_the_token}}, "the log of shop.items holds a credential (plain)"),
    ("W108-exposure", {"client": {"send": quotes_the_token}}, "the traceback of shop.items holds a credential (plain)"),
    ("W108-exposure", {"connect": connect_unchecked}, "the traceback of shop.items holds a credential"),
    ("W203-auth-errors", {"client": refusing_as(401, Rejected("no"))}, "after 401 it must raise AuthFailed"),
    (
        "W203-auth-errors",
        {"client": refusing_as(403, RateLimited("no"))},
        "after 403 it must raise an AgentFixableError or a UserFacingConfigError",
    ),
    ("W204-rate-limits", {"client": refusing_as(429, RateLimited("no", 1))}, "RateLimited with retry_after=1234"),
    ("W204-rate-limits", {"client": refusing_as(429, Rejected("no"))}, "the outcome is Rejected: no"),
    ("W205-outages", {"client": refusing_as(500, Rejected("no"))}, "after 500 it must raise Unavailable"),
    ("W205-outages", {"client": refusing_as(503, Rejected("no"))}, "after 503 it must raise Unavailable"),
    (
        "W206-credentials",
        {"connect": connect_without_credential},
        "shop.access_token: connect() works without 'access_token'",
    ),
    ("W304-pagination", {"items": items(first_page)}, "it reads only the first page: 1 of 3 items"),
    ("W304-pagination", {"items": items(whole_page)}, "shop.items: limit=1 gives 3 items"),
    ("W304-pagination", {"items": items(bounded, maximum=None)}, "'limit' has no maximum"),
    ("W305-hosts", {"client": {"send": contacts_another_host}}, "shop.items: it contacts 192.0.2.1:80"),
    ("W306-scopes", {"items": items(bounded, scopes=("email",))}, "shop.items: its declared scopes are not enough"),
    ("W307-undo", {"add": adding("/output/number")}, "shop.add: its undo, remove, fails: LookupError"),
    ("W307-undo", {"add": adding("/input/title")}, "shop.add: its undo, remove, fails: NotFound"),
    (
        "W310-doubt",
        {"client": {"request": says_that_nothing_was_done}},
        "shop.add: after 500 it may have been done, and",
    ),
    ("W311-effects", {"add": sending("POST")}, "shop.add: it declares no effect, and sends POST /api/items"),
    ("W311-effects", {"add": sending("DELETE")}, 'shop.add: its effect is "read", and it sends DELETE /api/items/1'),
    ("W311-effects", {"add": sending("DELETE", effect="read")}, 'its effect is "read", and it sends DELETE'),
    ("W308-repeats", {"client": {"request": retries_writes}}, "shop.add: after 500 it sends POST /api/items 2 times"),
]


@pytest.mark.parametrize(("rule", "members", "message"), INTEGRATIONS)
def test_an_integration_that_breaks_one_rule_fails_that_rule_only(shop, failures, rule, members, message):
    found = failures(shop.target(shop.changed(**members)))

    assert set(found) == {rule}
    assert [item for item in found[rule] if message in item]


def test_the_cause_of_an_error_may_quote_the_provider(shop, failures):
    """Providers quote the keys that they refuse: the message must hide them, the cause is for the log."""

    def refuse(self, answer):
        try:
            raise_for_response(answer, integration="shop")
        except Exception as exc:
            raise exc from ValueError(answer.text)

    assert failures(shop.target(shop.changed(client={"refuse": refuse}))) == {}


def test_a_client_without_a_time_limit_is_reported(shop, failures):
    integration = shop.changed(client={"timeout": None}, add=None, remove=None)

    found = failures(shop.target(integration, project={"readme": "- `items(limit)` shelf SHOP_TOKEN"}))

    assert found == {
        "W302-timeouts": ["shop.items: after stall it must raise Unavailable; the outcome is no error"],
        "W306-scopes": ["shop: every connection requests write, which no method declares"],
    }


def test_a_broken_connection_that_becomes_another_error_is_reported(shop, failures):
    found = failures(shop.target(shop.changed(client={"send": hides_failures})))

    assert set(found) == {"W302-timeouts", "W303-disconnects"}
    assert "the outcome is Rejected: something went wrong" in found["W303-disconnects"][0]


def test_an_integration_without_a_fake_reaches_silver(shop):
    report = shop.report(shop.target(make_fake=None))

    outcomes = {result.rule.code: result.outcome for result in report.results}
    assert report.tier.label == "silver"
    assert {outcomes[code] for code in ("W108", "W203", "W204", "W205", "W302", "W303")} == {"passed"}
    assert [code for code, outcome in outcomes.items() if outcome == "failed"] == ["W301", "W307"]


def numbers_as_titles(self):
    type(self).__mro__[1].__init__(self)
    self.items = {str(number): number for number in range(3)}


def fake(shop, **members):
    return type("Other", (shop.Fake,), members)


@pytest.mark.parametrize(
    ("members", "rule", "message"),
    [
        (
            {"example_values": lambda self: {}},
            "W301-fake",
            "shop.remove: the example uses item.id; return a value for it",
        ),
        ({"example_values": lambda self: {"item.id": "9"}}, "W301-fake", "shop.remove: the example fails: NotFound"),
        (
            {"__init__": numbers_as_titles},
            "W301-fake",
            "its result breaks its declared type at /0/title: expected string",
        ),
    ],
)
def test_an_example_that_fails_against_the_fake_is_reported(shop, failures, members, rule, message):
    found = failures(shop.target(make_fake=fake(shop, **members)))

    assert set(found) == {rule}
    assert [item for item in found[rule] if message in item]


def test_a_fake_that_cannot_be_created_fails_every_rule_that_needs_it(shop, failures):
    def broken():
        raise RuntimeError("no disk")

    found = failures(shop.target(make_fake=broken))

    assert found["W301-fake"] == ["shop: it could not be called: RuntimeError: no disk"]
    assert {"W203-auth-errors", "W302-timeouts", "W304-pagination", "W307-undo"} <= set(found)


def test_a_fake_without_scopes_is_reported(shop, failures):
    class Scopeless(shop.Fake):
        def __init__(self):
            super().__init__()
            self.issuer = None

        def refusal(self, request):
            return None

    assert failures(shop.target(make_fake=Scopeless)) == {
        "W306-scopes": ["shop: its fake issues no tokens with scopes; mount a FakeOAuth, or set `issuer`"]
    }


def notes(shop, target, weight="note"):
    return [item.message for result in shop.report(target).results for item in result.findings if item.weight == weight]


def test_what_the_fake_cannot_test_is_unproved_and_a_doubt_is_a_note(shop):
    class Kind(shop.Fake):
        def __init__(self):
            super().__init__()
            self.items = {"1": "Milk"}

        def refusal(self, request):
            return None

    class Pageless(Kind):
        def limit_pages(self, size):
            return False

    assert "fewer than two items" in notes(shop, shop.target(make_fake=Kind), "unproved")[0]
    assert "limit_pages() of the fake returns False" in notes(shop, shop.target(make_fake=Pageless))[0]
    assert "without any scope" in notes(shop, shop.target(make_fake=Kind))[0]
    assert shop.report(shop.target(make_fake=Kind)).tier.label == "silver"


def test_a_declared_host_that_the_package_never_names_is_a_note(shop):
    integration = shop.changed(spec={"hosts": ("shop.example", "idle" + ".example")})

    assert notes(shop, shop.with_recorded_calls(shop.target(integration))) == [
        "`hosts` names idle.example, which nothing else in the package names"
    ]


def test_a_method_that_calls_its_host_needs_a_fake_of_the_host(shop, failures):
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

    without = failures(shop.target(integration, make_fake=None, project=about))
    with_fake = failures(shop.target(integration, make_fake=FakeHost, project=about))

    assert without == {"W301-fake": ["pyproject.toml: there is no entry point 'shop' in the group \"wren.fakes\""]}
    assert with_fake == {}


def test_every_rule_is_broken_by_a_test(request):
    folder = request.path.parent
    text = "".join(path.read_text() for path in folder.glob("test_*.py"))

    assert [rule.id for rule in RULES if f'"{rule.id}"' not in text and rule.code not in ("W101", "W402")] == []
