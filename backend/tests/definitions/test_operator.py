import json

import pytest
from typer.testing import CliRunner

from wren_backend.cli import app

LEDGER = {
    "integrationId": "ledger",
    "name": "Ledger",
    "version": "1.0.0",
    "baseUrl": "https://ledger.example",
    "hosts": ["ledger.example"],
    "methods": [
        {
            "id": "list_invoices",
            "name": "List",
            "description": "List invoices.",
            "inputSchema": {"type": "object", "properties": {}, "additionalProperties": False},
            "request": {"method": "GET", "path": "/invoices"},
        }
    ],
}


@pytest.fixture
def ask(tmp_path):
    """Run the operator's command line on a data directory of the test's own."""

    def run(*arguments):
        return CliRunner().invoke(app, ["definitions", *arguments, "--data-dir", str(tmp_path / "data")])

    return run


@pytest.fixture
def write(tmp_path):
    """Write a definition and return its path."""

    def write(**fields):
        path = tmp_path / "definition.json"
        path.write_text(json.dumps({**LEDGER, **fields}))
        return str(path)

    return write


def test_a_definition_is_added_listed_replaced_and_removed(ask, write):
    added = ask("add", write())
    replaced = ask("add", write(version="1.1.0"))
    listed = json.loads(ask("list", "--json").stdout)
    removed = ask("remove", "ledger")

    assert [done.exit_code for done in (added, replaced, removed)] == [0, 0, 0]
    assert added.stdout.startswith("added ledger with 1 methods")
    assert replaced.stdout.startswith("replaced ledger")
    assert [(row["name"], row["version"], row["methods"], row["auth_type"]) for row in listed] == [
        ("ledger", "1.1.0", 1, "none")
    ]
    assert ask("list").stdout == ""


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"methds": []}, 1, "DEFINITION_INVALID: /methds: 'methds' is unknown; did you mean 'methods'?"),
        ({"hosts": []}, 1, "DEFINITION_INVALID: ledger: hosts must name 'ledger.example'"),
    ],
)
def test_what_could_not_be_served_is_refused_and_nothing_stored(ask, write, fields, code, said):
    done = ask("add", write(**fields))

    assert done.exit_code == code
    assert said in done.stderr
    assert ask("list").stdout == ""


def test_nothing_installed_is_replaced(ask, write, tmp_path, monkeypatch):
    info = tmp_path / "site" / "acme_ledger-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-ledger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[wren.integrations]\nledger = acme_ledger:Ledger\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    done = ask("add", write())

    assert done.exit_code == 3
    assert "DUPLICATE_NAME: an installed distribution offers 'ledger'" in done.stderr


def test_a_definition_without_requests_is_added_and_listed_as_having_no_handler(ask, write):
    method = {key: value for key, value in LEDGER["methods"][0].items() if key != "request"}

    added = ask("add", write(methods=[method], baseUrl=None, hosts=[]))
    (row,) = json.loads(ask("list", "--json").stdout)

    assert added.exit_code == 0, added.stderr
    assert "ledger has no handler for list_invoices" in added.stdout
    assert row["no_handler"] == ["list_invoices"]
    assert "no handler: list_invoices" in ask("list").stdout


def test_a_definition_that_was_never_added_cannot_be_removed(ask):
    done = ask("remove", "ledger")

    assert done.exit_code == 1
    assert "NOT_FOUND: no operator added a definition 'ledger'" in done.stderr


def test_a_missing_file_is_refused(ask, tmp_path):
    done = ask("add", str(tmp_path / "missing.json"))

    assert done.exit_code == 1
    assert "cannot be read" in done.stderr
