import json
import sys
from textwrap import dedent

import pytest

from wren_core.plugins.discovery import discover, find_entry_points, integration_names


@pytest.fixture
def publish(install, definition):
    """Install a package that is data alone."""

    def perform(name="depot", value="acme_depot:definition.json", text=None, distribution="acme-depot", **modules):
        entry = f"[wren.definitions]\n{name} = {value}\n"
        site = install(distribution, entry_points=entry, modules=modules, requires=())
        folder = site / "acme_depot"
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text("raise RuntimeError('it was imported')\n")
        (folder / "definition.json").write_text(json.dumps(definition) if text is None else text)
        return site

    return perform


def test_a_published_definition_is_an_integration_and_nothing_of_it_is_imported(publish):
    publish()

    found = discover({"depot"})

    (plugin,) = found.loaded
    assert (plugin.name, plugin.distribution, plugin.spec.version) == ("depot", "acme-depot", "1.2.0")
    assert list(plugin.integration.methods())[:2] == ["get", "add"]
    assert "acme_depot" not in sys.modules


def test_listing_names_reads_no_definition(publish):
    publish(text="no JSON")

    assert "depot" in integration_names()
    assert [point.group for point in find_entry_points() if point.name == "depot"] == ["wren.definitions"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text": "{"}, "is not JSON"),
        ({"text": "[]"}, "a JSON object"),
        ({"text": '{"integrationId": "depot", "name": "D", "methds": []}'}, "did you mean 'methods'"),
        ({"value": "acme_depot:other.json"}, "has no file 'other.json'"),
        ({"value": "acme_depot"}, "package:definition.json"),
        ({"value": "nobody_has_this:definition.json"}, "has no file"),
        ({"name": "parcels"}, "integrationId must equal the entry point's name"),
    ],
)
def test_what_cannot_be_used_fails_alone_with_its_reason(publish, options, said):
    publish(**options)

    (failed,) = discover({options.get("name", "depot")}).failed

    assert (failed.code, failed.distribution) == ("PLUGIN_INVALID", "acme-depot")
    assert said in failed.reason


def test_a_definition_and_a_plugin_of_one_name_are_both_refused(publish, install):
    publish()
    source = dedent(
        '''
        from wren_core import Integration, IntegrationSpec, method

        class Depot(Integration):
            """Parcels."""

            spec = IntegrationSpec(name="depot", display_name="Depot")

            @method
            def get(self) -> str:
                """Get a parcel."""
                return "x"
        '''
    )
    install("other-depot", {"other_depot": source}, entry_points={"depot": "other_depot:Depot"})

    found = discover({"depot"})

    assert found.loaded == ()
    assert {item.code for item in found.failed} == {"DUPLICATE_NAME"}
    assert {item.distribution for item in found.failed} == {"acme-depot", "other-depot"}
