"""Rules about what is declared, documented and installed: each broken by a plugin that is sound but for that."""

from typing import Annotated, Any

import pytest

from wren_core import CredentialSpec, CredentialType, IntegrationConfig, Record, TriggerSpec, method
from wren_core.testing.import_probe import Effect, ImportFacts
from wren_core.testing.rules import clients, import_cost, import_effects, offer, readme
from wren_core.testing.rules.rule import NotApplicable

TOKEN = CredentialSpec(key="access_token", type=CredentialType.OAUTH2, description="A token", env_var="SHOP_TOKEN")


class Terse(IntegrationConfig):
    shelf: str = "top"


class Bare(Record):
    id: str


def example(text: str | None) -> Any:
    @method(effect="destructive", scopes=["write"], simulate="validate_only", example=text)
    def remove(self, item_id: Annotated[str, "Its id"]) -> None:
        """Remove an item."""
        self.client.request("DELETE", f"/api/items/{item_id}")

    return remove


@method(effect="destructive", scopes=["write"], simulate="validate_only", example="shop.remove(item.id)")
def unspoken(self, item_id: Annotated[str, "Its id"]) -> None:
    """removes an item"""
    self.client.request("DELETE", f"/api/items/{item_id}")


unspoken.id = "remove"


@method(effect="destructive", scopes=["write"], simulate="validate_only", example="shop.remove(item.id)")
def undescribed(self, item_id: str) -> None:
    """Remove an item."""
    self.client.request("DELETE", f"/api/items/{item_id}")


undescribed.id = "remove"


@method(effect="destructive", scopes=["write"], requires_approval=False, example="shop.remove(item.id)")
def unsafe(self, item_id: Annotated[str, "Its id"]) -> None:
    """Remove an item."""
    self.client.request("DELETE", f"/api/items/{item_id}")


unsafe.id = "remove"


@method(scopes=["read"], example='shop.first("shelf")')
def first(self, itemKind: Annotated[str, "Which kind"]) -> str:
    """Return the first item."""
    return str(self.client.request("GET", "/api/items?page=1")["items"][0]["id"])


@method(scopes=["read"], example="shop.dear('x')")
def dear(self, kind: Annotated[str, "Which kind, and all about it, at length. " * 60]) -> Annotated[str, "It"]:
    """Return it."""
    return str(self.client.request("GET", "/api/items?page=1")["items"][0]["id"])


@method(scopes=["read"], example="shop.wordy()")
def wordy(self) -> Annotated[str, "It"]:
    """Return it."""
    return str(self.client.request("GET", "/api/items?page=1")["items"][0]["id"])


wordy.function.__doc__ = "Return it." + " All about it." * 80

BREAKERS = [
    ("W102-metadata", {"project": {"license": ""}}, {}, "pyproject.toml: [project] has no license"),
    ("W102-metadata", {"project": {"requires": ("httpx2",)}}, {}, "pyproject.toml: dependencies do not name wren-core"),
    ("W102-metadata", {"project": {"requires": ("wren-core>=0.1",)}}, {}, "has no upper bound"),
    ("W103-naming", {}, {"spec": {"display_name": "Shop integration"}}, "must be the service's own name"),
    (
        "W103-naming",
        {},
        {"spec": {"credentials": (TOKEN.model_copy(update={"env_var": "TOKEN"}),)}},
        "must start with SHOP_",
    ),
    ("W103-naming", {}, {"first": first}, "shop.first: 'itemKind' is not in snake_case"),
    ("W104-description", {}, {"__doc__": None}, "shop: Changed has no docstring"),
    ("W104-description", {}, {"remove": unspoken}, "shop.remove: the first line of the docstring must be a sentence"),
    (
        "W105-definition",
        {},
        {"spec": {"triggers": (TriggerSpec(name="sold", config_schema={"enum": (1, 2)}),)}},
        "the definition is not the spec",
    ),
    ("W106-tools", {}, {"wordy": wordy}, "shop.wordy: its description has 1130 characters"),
    (
        "W107-import-effects",
        {
            "imported": ImportFacts(
                module="x", cpu_seconds=0, modules=(), effects=(Effect(place="x.py:1", message="y"),)
            )
        },
        {},
        "x.py:1: importing it y",
    ),
    ("W201-examples", {}, {"remove": example(None)}, "shop.remove: it has no example"),
    ("W201-examples", {}, {"remove": example("shop.delete('x')")}, "does not call shop.remove"),
    ("W201-examples", {}, {"remove": example("shop.remove(")}, "is not Python"),
    ("W201-examples", {}, {"remove": example("shop.remove()")}, "missing a required argument: 'item_id'"),
    ("W201-examples", {}, {"remove": example("shop.remove(item='x')")}, "unexpected argument 'item'"),
    ("W202-readme", {"project": {"readme": "A shop."}}, {}, "no row or item begins with `items(limit)`"),
    ("W202-readme", {"project": {"readme": "A shop."}}, {}, "the setting 'shelf' is not in it"),
    ("W202-readme", {"project": {"readme": "A shop."}}, {}, "the environment variable SHOP_TOKEN is not in it"),
    (
        "W207-clients",
        {"imported": ImportFacts(module="x", cpu_seconds=0, modules=("uvicorn.main",))},
        {},
        "imports uvicorn",
    ),
    ("W208-reach", {}, {"spec": {"hosts": ("other.example",)}}, "base_url is on shop.example, which `hosts` does not"),
    (
        "W208-reach",
        {},
        {"spec": {"config_hosts": ("{server}",)}, "Config": IntegrationConfig},
        "config_hosts names 'server', which is no field",
    ),
    ("W309-parameters", {}, {"remove": undescribed}, "shop.remove: nothing describes 'item_id'"),
    ("W309-parameters", {}, {"Config": Terse}, "shop.init: nothing describes 'shelf'"),
    (
        "W309-parameters",
        {},
        {"spec": {"credentials": (TOKEN.model_copy(update={"description": ""}),)}},
        "shop.access_token: nothing says where a person gets it",
    ),
    ("W401-token-price", {}, {"dear": dear}, "shop.dear: its tool definition costs"),
    ("W403-safety", {}, {"remove": unsafe}, "shop.remove: it can neither be taken back nor tried"),
    ("W403-safety", {}, {"remove": unsafe}, "shop.remove: it asks nobody"),
    ("W404-import-cost", {"imported": ImportFacts(module="x", cpu_seconds=9, modules=())}, {}, "takes 9000 ms"),
    (
        "W404-import-cost",
        {"imported": ImportFacts(module="x", cpu_seconds=0, modules=tuple(f"m{n}" for n in range(99)))},
        {},
        "imports 99 other modules",
    ),
]
# What one rule looks at another may see as well: a method that was added is missing from the README.
FOLLOWING = {"first": {"W202-readme"}, "dear": {"W202-readme"}, "wordy": {"W202-readme"}}


@pytest.mark.parametrize(("rule", "facts", "members", "message"), BREAKERS)
def test_what_breaks_a_rule_is_found_by_it_alone(shop, failures, rule, facts, members, message):
    facts = {**facts}
    if rule == "W207-clients":
        facts["project"] = {"requires": ("wren-core<1", "uvicorn>=0.1")}

    found = failures(shop.rehearsed(shop.subject(shop.changed(**members), **facts)))

    following = {name for member in members for name in FOLLOWING.get(member, ())}
    assert set(found) - following == {rule}
    assert [item for item in found[rule] if message in item]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("| `items(limit)` | x |", None),
        ("- `items(limit=10)`: x", None),
        ("### `items(limit: int)`", None),
        ("`items(limit)` lists them", "no row or item begins"),
        ("| `items(count)` | x |", "the parameters are (limit)"),
    ],
)
def test_a_method_begins_a_row_an_item_or_a_heading_with_its_parameters(shop, line, problem):
    rest = "- `add(title)`\n- `remove(item_id)`\nshelf SHOP_TOKEN\n"
    target = shop.subject(project={"readme": f"{rest}{line}\n"})

    found = [finding.message for finding in readme.RULE.check(target)]

    assert [problem in item for item in found] == ([True] if problem else [])


@pytest.mark.parametrize("rule", [import_effects.RULE, clients.RULE, import_cost.RULE])
def test_what_was_imported_before_cannot_be_judged(shop, rule):
    with pytest.raises(NotApplicable, match="before anybody looked"):
        list(rule.check(shop.subject(imported=None)))


SOURCE = '''
from wren_core import Integration, IntegrationSpec

class Plugin(Integration):
    """Do things."""

    spec = IntegrationSpec(name="conforming", display_name="Plugin")
'''


@pytest.fixture
def plugin(install):
    """Install a plugin, and return its class."""

    def plugin(entry_point: str = "conforming"):
        install(
            "wren-conforming", {"conforming_plugin": SOURCE}, entry_points={entry_point: "conforming_plugin:Plugin"}
        )
        import conforming_plugin

        return conforming_plugin.Plugin

    return plugin


def offered(shop, integration):
    return [f"{item.place}: {item.message}" for item in offer.RULE.check(shop.subject(integration))]


def test_an_installed_integration_is_offered(shop, plugin):
    assert offered(shop, plugin()) == []


def test_an_integration_nobody_offers_is_found(shop, plugin):
    assert offered(shop, plugin(entry_point="elsewhere")) == [
        "pyproject.toml: no entry point 'conforming' of the group wren.integrations loads Plugin"
    ]


def test_an_entry_point_that_does_not_load_is_found(shop, plugin, install):
    integration = plugin()
    install("wren-rival", {"rival": ""}, entry_points={"conforming": "rival:Plugin"})

    assert [finding.split(":")[1] for finding in offered(shop, integration)] == [" DUPLICATE_NAME"] * 2
