import importlib.metadata
import re
from pathlib import Path

import pytest

from wren_core.export.tools import openai_tool
from wren_core.testing import IntegrationContract
from wren_xero import Xero
from wren_xero.fake import DEMO, FakeXero

HOME = Path(__file__).parents[1]
README = (HOME / "README.md").read_text()


class TestXero(IntegrationContract):
    integration = Xero
    config = {"tenant_id": DEMO}


def rows(heading):
    """Return the first cell of each row of the table below a heading, without its backquotes."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [cell.strip("`") for cell in re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)]


def test_the_readme_has_every_method_with_its_parameters():
    signatures = [f"{name}({', '.join(method.signature.parameters)})" for name, method in Xero.methods().items()]

    assert rows("Methods") == signatures


def test_the_readme_has_every_setting_and_every_scope():
    assert rows("Settings") == list(Xero.Config.model_fields)
    assert rows("Connect") == list(Xero.spec.required_scopes)


def test_the_readme_has_an_example_that_runs():
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "serve(" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)
    names["test_the_month_is_billed"]()


def test_the_distribution_offers_the_fake():
    (point,) = importlib.metadata.entry_points(group="wren.fakes", name="xero")

    assert point.load() is FakeXero


def test_the_distribution_is_small():
    sources = [path for path in (HOME / "src/wren_xero").glob("*.py") if not path.name.startswith("fake")]

    assert sum(len(path.read_text().splitlines()) for path in sources) < 500


def test_the_configuration_has_the_agreed_fields():
    schema = Xero.full_spec().config_schema

    assert schema["required"] == ["tenant_id"]
    assert schema["properties"]["invoice_prefix"]["default"] == "INV-"


def test_create_invoice_has_the_agreed_parameters():
    method = Xero.full_spec().method("create_invoice")

    assert method.input_schema["required"] == ["contact_id", "line_items"]
    assert {"invoice_id", "invoice_number", "status"} <= set(method.output_schema["properties"])


def test_effects_are_declared_correctly():
    methods = Xero.full_spec().methods
    by_effect = {effect: {m.id for m in methods if m.effect == effect} for effect in ("read", "write", "destructive")}

    assert by_effect["destructive"] == {"void_invoice", "delete_payment"}
    assert {m.id for m in methods if m.undo} == {"create_invoice", "create_contact", "create_payment"}
    assert {m.id for m in methods if m.idempotent} - by_effect["read"] == {"update_invoice", "archive_contact"}


@pytest.mark.parametrize("method_id", list(Xero.methods()))
def test_every_method_exports_as_a_strict_tool(method_id):
    assert openai_tool("xero", Xero.full_spec().method(method_id))["function"]["strict"] is True
