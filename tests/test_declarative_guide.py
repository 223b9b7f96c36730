"""The guide to integrations without code is correct."""

import json
import re
import tomllib

import pytest
import typer
from pydantic.alias_generators import to_camel
from typer.testing import CliRunner

from workspace import ROOT
from wren.cli.app import app
from wren_backend.cli import app as operator
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.request_binding import Constant, Pagination, Placement, RefusalRule, RequestBinding
from wren_core.declarative.integration import declared_integration
from wren_core.plugins.entry_points import DEFINITIONS_GROUP

GUIDE = (ROOT / "docs" / "how-to" / "declarative.md").read_text()
ROWS = re.findall(r"^\| (`.+?) \| (.+) \|$", GUIDE, re.MULTILINE)
FIELDS = {
    "placements": Placement,
    "constants": Constant,
    "pagination": Pagination,
    "refusal": RefusalRule,
}


def block(language):
    return re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)[1]


def test_the_definition_in_the_guide_is_valid():
    integration = declared_integration(IntegrationDefinition.from_wire(json.loads(block("json"))))

    assert list(integration.methods()) == ["list_invoices"]


def test_the_entry_point_has_the_right_group():
    (group,) = tomllib.loads(block("toml"))["project"]["entry-points"]

    assert group == DEFINITIONS_GROUP


def test_every_field_in_the_table_exists():
    named = {word for first, _ in ROWS for word in re.findall(r"`(\w+)`", first)}
    described = {first.strip("`"): set(re.findall(r"`(\w+)`", text)) for first, text in ROWS}
    known = {
        name: set(map(to_camel, model.model_fields)) | set(model.model_fields) | allowed(model)
        for name, model in FIELDS.items()
    }

    fields = {to_camel(name) for name in RequestBinding.model_fields}
    assert named == fields - {"method", "path"}
    assert {name: described[name] - known[name] for name in FIELDS} == {name: set() for name in FIELDS}


def allowed(model):
    return set(re.findall(r"'(\w+)'", str([field.annotation for field in model.model_fields.values()])))


@pytest.mark.parametrize("line", re.findall(r"^\$ wren (.+)$", block("console"), re.MULTILINE))
def test_the_commands_have_the_options_the_guide_uses(line):
    words = line.split()
    command = typer.main.get_command(app)
    for name in words[:2]:
        command = command.commands[name]

    options = {option for parameter in command.params for option in parameter.opts}

    assert {word for word in words if word.startswith("--")} <= options


def test_the_operators_command_exists():
    assert CliRunner().invoke(operator, ["definitions", "add", "--help"]).exit_code == 0
    assert "wren-backend definitions add ledger.json" in GUIDE
