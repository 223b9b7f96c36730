import json
from pathlib import Path

import jsonschema_rs
import pytest

import wren
from wren.script.catalogue import Catalogue, installed
from wren.script.definition_files import definitions_folder, list_definition_files
from wren.script.described_plugin import summary_of
from wren_core.errors import IntegrationUnknown, PluginFailed
from wren_core.plugins.policy import PluginPolicy
from wren_core.testing import FakeProvider, FakeRequest, route, serve

LEDGER = {
    "integrationId": "ledger",
    "name": "Ledger",
    "description": "Invoices.",
    "version": "1.0.0",
    "authType": "apikey",
    "apiKeyConfig": {"name": "X-Key"},
    "baseUrl": "https://ledger.example",
    "hosts": ["ledger.example"],
    "methods": [
        {
            "id": "invoice",
            "name": "Invoice",
            "description": "Read an invoice.",
            "inputSchema": {
                "type": "object",
                "properties": {"number": {"type": "integer"}},
                "required": ["number"],
                "additionalProperties": False,
            },
            "outputSchema": {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]},
            "request": {"method": "GET", "path": "/invoices/{number}"},
        }
    ],
}


class Office(FakeProvider):
    """Answers with invoices."""

    @route("GET", "/invoices/{number}")
    def invoice(self, request: FakeRequest) -> object:
        return {"total": int(request.params["number"]) * 1.5, "key": request.headers["x-key"]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder of definitions with one in it."""
    monkeypatch.setenv("WREN_DEFINITIONS", str(tmp_path / "definitions"))
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "ledger.json").write_text(json.dumps(LEDGER))
    installed.cache_clear()
    yield tmp_path / "definitions"
    installed.cache_clear()


def test_the_folder_is_the_variable_or_next_to_the_profile(tmp_path):
    assert definitions_folder({"WREN_DEFINITIONS": str(tmp_path)}) == tmp_path
    assert definitions_folder({"XDG_CONFIG_HOME": "/etc/xdg"}) == Path("/etc/xdg/wren/definitions")


@pytest.mark.parametrize("place", ["missing", "file"])
def test_a_missing_folder_has_no_definitions(tmp_path, place):
    (tmp_path / "file").write_text("x")

    assert list_definition_files({"WREN_DEFINITIONS": str(tmp_path / place)}) == {}


def test_a_definition_in_the_folder_is_an_integration_of_scripts(folder, monkeypatch):
    with serve(Office()) as url:
        monkeypatch.setenv("WREN_INTEGRATIONS__LEDGER__BASE_URL", url)
        monkeypatch.setenv("LEDGER_API_KEY", "key-1")
        ledger = wren.integrations.ledger.init()

        invoice = ledger.invoice(3)
        ledger.close()

    assert (invoice.total, invoice["key"]) == (4.5, "key-1")
    assert "ledger" in wren.integrations.list()
    assert "### `invoice(number)`" in wren.integrations.render_docs(["ledger"])


def test_names_are_known_without_reading_a_file(folder):
    (folder / "ledger.json").write_text("no JSON")
    (folder / "notes.txt").write_text("x")

    names = Catalogue(environ={"WREN_DEFINITIONS": str(folder)}).names()

    assert "ledger" in names
    assert "notes" not in names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        (json.dumps({**LEDGER, "integrationId": "other"}), "it declares 'other'; give the file that name"),
        (json.dumps({**LEDGER, "hosts": []}), "hosts must name 'ledger.example'"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_the_others_work(folder, text, said):
    (folder / "ledger.json").write_text(text)
    catalogue = Catalogue(environ={"WREN_DEFINITIONS": str(folder)})

    with pytest.raises(PluginFailed, match=said):
        catalogue.get("ledger")
    assert catalogue.overview().failed["ledger"].distribution == str(folder / "ledger.json")


@pytest.mark.usefixtures("plugins")
def test_a_file_does_not_take_the_place_of_something_installed(folder):
    (folder / "parcel.json").write_text(json.dumps({**LEDGER, "integrationId": "parcel"}))
    catalogue = Catalogue(environ={"WREN_DEFINITIONS": str(folder)})

    with pytest.raises(PluginFailed, match=r"wren-parcel and .*parcel\.json both declare 'parcel'"):
        catalogue.get("parcel")
    assert catalogue.overview().failed["parcel"].code == "DUPLICATE_NAME"


def test_the_policy_counts_for_files_too(folder):
    environ = {"WREN_DEFINITIONS": str(folder)}

    with pytest.raises(PluginFailed, match="switched off"):
        Catalogue(PluginPolicy(disabled=frozenset({"ledger"})), environ).get("ledger")


def test_what_a_server_declares_is_there_by_name_and_read_when_asked_for():
    catalogue = Catalogue(PluginPolicy(safe_mode=True))
    catalogue.declare({"ledger": json.dumps(LEDGER), "broken": "no JSON"})

    assert {"ledger", "broken"} <= set(catalogue.names())
    assert list(catalogue.get("ledger").methods()) == ["invoice"]
    with pytest.raises(PluginFailed, match="not JSON"):
        catalogue.get("broken")
    with pytest.raises(IntegrationUnknown, match="did you mean 'ledger'"):
        catalogue.get("ledgr")


@pytest.mark.parametrize("count", [60, 120])
def test_an_overview_of_a_large_definition_compiles_no_schema(folder, monkeypatch, count):
    methods = [{**LEDGER["methods"][0], "id": f"invoice_{number}"} for number in range(count)]
    (folder / "ledger.json").write_text(json.dumps({**LEDGER, "methods": methods}))
    compiled = []
    monkeypatch.setattr(jsonschema_rs, "Draft202012Validator", lambda schema, **_: compiled.append(schema))
    catalogue = Catalogue(environ={"WREN_DEFINITIONS": str(folder)})

    summary = summary_of(catalogue.overview().plugin("ledger"))

    assert summary["methods"] == [method["id"] for method in methods]
    assert (summary["auth_type"], summary["version"], summary["no_handler"]) == ("apikey", "1.0.0", [])
    assert LEDGER["methods"][0]["inputSchema"] not in compiled


def test_an_overview_of_a_small_definition_shows_its_faults(folder):
    (folder / "ledger.json").write_text(json.dumps({**LEDGER, "hosts": []}))

    registry = Catalogue(environ={"WREN_DEFINITIONS": str(folder)}).overview()

    assert "hosts must name" in registry.failed["ledger"].reason
