import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from wren_core import Integration, IntegrationSpec, Record, UndoSpec, method
from wren_core.contract.spec import MethodSpec
from wren_core.export.tools import anthropic_tool, mcp_result, mcp_tool, openai_tool, plain_arguments, tool_name
from wren_core.schemas.validator import Validator

GOLDEN = Path(__file__).parent / "golden"


class Address(Record):
    email: Annotated[str, "Where to"]
    name: Annotated[str | None, "Shown next to it"] = None


class Sent(Record):
    id: str
    to: list[Address]


class Mail(Integration):
    """Send mail."""

    spec = IntegrationSpec(name="mail", display_name="Mail")

    @method(effect="write", scopes=["send"], undo=UndoSpec(method="recall", arguments={"mail_id": "/output/id"}))
    def send(
        self,
        to: Annotated[list[Address], "Who gets it", Field(max_length=9)],
        subject: Annotated[str, "One line"],
        body: str = "",
        priority: Annotated[Literal["low", "high"] | None, "How loud"] = None,
        reply_to: Annotated[Address | None, "Where answers go"] = None,
        limit: Annotated[int, Field(ge=1)] = 3,
    ) -> Sent:
        """Send a mail."""
        return Sent(id="m1", to=to)

    @method(effect="destructive")
    def recall(self, mail_id: str) -> bool:
        """Take a mail back."""
        return True

    @method
    def search(self, filters: Annotated[dict[str, Any], "Free"], page: int = 1) -> list[Sent]:
        """Search."""
        return []


SPECS = {item.id: item for item in Mail.full_spec().methods}


@pytest.mark.parametrize("method_id", ["send", "recall", "search"])
@pytest.mark.parametrize(
    ("form", "export"),
    [
        ("openai_strict", openai_tool),
        ("openai", lambda integration, spec: openai_tool(integration, spec, strict=False)),
        ("anthropic", anthropic_tool),
        ("mcp", mcp_tool),
    ],
)
def test_every_export_is_the_golden_one(form, export, method_id):
    golden = json.loads((GOLDEN / "tools.json").read_text())

    assert export("mail", SPECS[method_id]) == golden[form][method_id]


@pytest.mark.parametrize("method_id", ["send", "recall", "search"])
def test_no_export_drops_a_parameter(method_id):
    spec = SPECS[method_id]
    exported = [
        openai_tool("mail", spec)["function"]["parameters"],
        openai_tool("mail", spec, strict=False)["function"]["parameters"],
        anthropic_tool("mail", spec)["input_schema"],
        mcp_tool("mail", spec)["inputSchema"],
    ]

    assert [list(schema["properties"]) for schema in exported] == [list(spec.input_schema["properties"])] * 4


def test_a_tool_that_cannot_be_strict_is_exported_whole_and_says_so():
    function = openai_tool("mail", SPECS["search"])["function"]

    assert function["strict"] is False
    assert function["parameters"] == SPECS["search"].input_schema


def test_an_export_can_be_changed_without_the_spec():
    before = SPECS["send"].model_dump_json()

    for tool in (
        openai_tool("mail", SPECS["send"]),
        anthropic_tool("mail", SPECS["send"]),
        mcp_tool("mail", SPECS["send"]),
    ):
        json.dumps(tool)
        for schema in (tool.get("function", tool).get("parameters"), tool.get("input_schema"), tool.get("inputSchema")):
            (schema or {}).get("properties", {}).clear()

    assert SPECS["send"].model_dump_json() == before


def test_the_arguments_of_a_strict_call_are_made_plain():
    sent = {"to": [], "subject": "s", "body": None, "priority": None, "reply_to": None, "limit": None}

    assert plain_arguments(SPECS["send"], sent) == {"to": [], "subject": "s", "priority": None, "reply_to": None}


def named(method_id: str) -> MethodSpec:
    return MethodSpec(id=method_id, name="x", description="x", input_schema={"type": "object", "properties": {}})


def test_a_tool_is_named_by_integration_and_method():
    assert tool_name("mail", SPECS["send"]) == "mail_send"


def test_long_names_stay_short_and_apart():
    names = [tool_name("i" * 40, named("m" * 40 + ending)) for ending in ("_a", "_b")]

    assert len(set(names)) == 2
    assert {len(name) for name in names} == {64}
    assert names[0] == tool_name("i" * 40, named("m" * 40 + "_a"))


@pytest.mark.parametrize(
    ("output_schema", "value"),
    [
        ({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}, {"id": "x"}),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "null"}, None),
        ({"$ref": "#/$defs/Tree", "$defs": {"Tree": {"type": "object", "properties": {}}}}, {}),
    ],
)
def test_an_mcp_result_fits_the_schema_that_was_announced(output_schema, value):
    spec = named("x").model_copy(update={"output_schema": output_schema})

    announced = mcp_tool("mail", spec)["outputSchema"]

    assert announced["type"] == "object"
    assert Validator(announced).problems(mcp_result(spec, value)) == []


def test_without_an_output_schema_mcp_gets_no_structured_result():
    assert "outputSchema" not in mcp_tool("mail", named("x"))
    assert mcp_result(named("x"), {"a": 1}) is None
