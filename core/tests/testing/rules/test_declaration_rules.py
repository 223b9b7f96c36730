"""Rules about what is declared, documented and installed: each is broken by a plugin that is valid otherwise."""

from typing import Annotated, Any

import pytest

from wren_core import CredentialSpec, CredentialType, IntegrationConfig, Record, TriggerSpec, method
from wren_core.testing.import_probe import Effect, ImportFacts
from wren_core.testing.rules import clients, import_cost, import_effects, offer, readme
from wren_core.testing.rules.rule import Unproved

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
def no_sentence(self, item_id: Annotated[str, "Its id"]) -> None:
    """removes an item"""
    self.client.request("DELETE", f"/api/items/{item_id}")


no_sentence.id = "remove"


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

MSGRAPH = """
- `items(limit)`
- `add(title)`
- `remove(item_id)`

`shelf` SHOP_TOKEN WREN_PROVIDERS__MSGRAPH__CLIENT_ID
"""
BROKEN_PLUGINS = [
    ("W102-metadata", {"project": {"license": ""}}, {}, "pyproject.toml: [project] has no license"),
    ("W102-metadata", {"project": {"requires": ("httpx2", "pytest")}}, {}, "toml: dependencies do not name wren-core"),
    ("W102-metadata", {"project": {"requires": ("wren-core>=0.1", "pytest")}}, {}, "has no upper bound"),
    ("W103-naming", {}, {"spec": {"display_name": "Shop integration"}}, "must be the name of the service"),
    (
        "W103-naming",
        {},
        {"spec": {"credentials": (TOKEN.model_copy(update={"env_var": "TOKEN"}),)}},
        "must start with SHOP_",
    ),
    ("W103-naming", {}, {"first": first}, "shop.first: 'itemKind' is not in snake_case"),
    ("W104-description", {}, {"__doc__": None}, "shop: Changed has no docstring"),
    (
        "W104-description",
        {},
        {"remove": no_sentence},
        "shop.remove: the first line of the docstring must be a sentence",
    ),
    (
        "W105-definition",
        {},
        {"spec": {"triggers": (TriggerSpec(name="sold", config_schema={"enum": (1, 2)}),)}},
        "the definition differs from the spec",
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
        "x.py:1: its import y",
    ),
    (
        "W109-requirements",
        {"project": {"requires": ("wren-core>=0.1,<0.2",)}},
        {},
        "it imports pytest, and `dependencies` of pyproject.toml do not name pytest",
    ),
    ("W201-examples", {}, {"remove": example(None)}, "shop.remove: it has no example"),
    ("W201-examples", {}, {"remove": example("shop.delete('x')")}, "does not call shop.remove"),
    ("W201-examples", {}, {"remove": example("shop.remove(")}, "is not Python"),
    ("W201-examples", {}, {"remove": example("shop.remove()")}, "missing a required argument: 'item_id'"),
    ("W201-examples", {}, {"remove": example("shop.remove(item='x')")}, "unexpected argument 'item'"),
    ("W202-readme", {"project": {"readme": "A shop."}}, {}, "no row or item begins with `items(limit)`"),
    (
        "W202-readme",
        {"project": {"readme": MSGRAPH}},
        {},
        "names settings WREN_PROVIDERS__MSGRAPH__..., and the provider is shop; write WREN_PROVIDERS__SHOP__",
    ),
    ("W202-readme", {"project": {"readme": "A shop."}}, {}, "the setting 'shelf' is missing"),
    ("W202-readme", {"project": {"readme": "A shop."}}, {}, "the environment variable SHOP_TOKEN is missing"),
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
        "config_hosts names 'server', which is not a field",
    ),
    ("W309-parameters", {}, {"remove": undescribed}, "shop.remove: 'item_id' has no description"),
    ("W309-parameters", {}, {"Config": Terse}, "shop.init: 'shelf' has no description"),
    (
        "W309-parameters",
        {},
        {"spec": {"credentials": (TOKEN.model_copy(update={"description": ""}),)}},
        "shop.access_token: it has no description; say where a person gets it",
    ),
    ("W401-token-price", {}, {"dear": dear}, "shop.dear: its tool definition costs"),
    ("W403-safety", {}, {"remove": unsafe}, "shop.remove: it can neither be undone nor simulated"),
    ("W403-safety", {}, {"remove": unsafe}, "shop.remove: it needs no approval"),
    ("W404-import-cost", {"imported": ImportFacts(module="x", cpu_seconds=9, modules=())}, {}, "takes 9000 ms"),
    (
        "W404-import-cost",
        {"imported": ImportFacts(module="x", cpu_seconds=0, modules=tuple(f"m{n}" for n in range(99)))},
        {},
        "imports 99 other modules",
    ),
]
# A change that breaks one rule may break another: a method that was added is missing from the README.
ALSO_BROKEN = {"first": {"W202-readme"}, "dear": {"W202-readme"}, "wordy": {"W202-readme"}}


@pytest.mark.parametrize(("rule", "facts", "members", "message"), BROKEN_PLUGINS)
def test_a_plugin_that_breaks_one_rule_fails_that_rule_only(shop, failures, rule, facts, members, message):
    facts = {**facts}
    if rule == "W207-clients":
        facts["project"] = {"requires": ("wren-core<1", "uvicorn>=0.1", "pytest")}

    found = failures(shop.with_recorded_calls(shop.target(shop.changed(**members), **facts)))

    also_broken = {name for member in members for name in ALSO_BROKEN.get(member, ())}
    assert set(found) - also_broken == {rule}
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
def test_the_readme_names_a_method_with_its_parameters_first_in_a_row_item_or_heading(shop, line, problem):
    rest = "- `add(title)`\n- `remove(item_id)`\nshelf SHOP_TOKEN\n"
    target = shop.target(project={"readme": f"{rest}{line}\n"})

    found = [finding.message for finding in readme.RULE.check(target)]

    assert [problem in item for item in found] == ([True] if problem else [])


@pytest.mark.parametrize("rule", [import_effects.RULE, clients.RULE, import_cost.RULE])
def test_import_rules_are_unproved_for_what_was_imported_before_the_check(shop, rule):
    with pytest.raises(Unproved, match="before the check began"):
        list(rule.check(shop.target(imported=None)))


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


def offer_findings(shop, integration):
    return [f"{item.place}: {item.message}" for item in offer.RULE.check(shop.target(integration))]


def test_an_installed_integration_is_offer_findings(shop, plugin):
    assert offer_findings(shop, plugin()) == []


def test_an_integration_without_an_entry_point_is_reported(shop, plugin):
    assert offer_findings(shop, plugin(entry_point="elsewhere")) == [
        "pyproject.toml: no entry point 'conforming' in the group wren.integrations loads Plugin"
    ]


def test_an_entry_point_that_does_not_load_is_reported(shop, plugin, install):
    integration = plugin()
    install("wren-rival", {"rival": ""}, entry_points={"conforming": "rival:Plugin"})

    assert [finding.split(":")[1] for finding in offer_findings(shop, integration)] == [" DUPLICATE_NAME"] * 2
