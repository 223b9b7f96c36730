import pytest

from wren.stubs.annotation import Imports
from wren.stubs.schema_type import SchemaTypes

LINE = {"type": "object", "properties": {"sku": {"type": "string"}, "n": {"type": "integer"}}, "required": ["sku"]}


def write_type(schema, definitions=None) -> tuple[str, dict[str, str]]:
    classes: dict[str, str] = {}
    types = SchemaTypes(Imports(), classes, {"$defs": definitions or {}}, "Shop")
    return types.write_type(schema, "order"), classes


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "format": "date"}, "str"),
        ({"type": ["integer", "null"]}, "int | None"),
        ({"type": "array", "items": {"type": "number"}}, "list[float]"),
        ({"type": "array"}, "list[_typing.Any]"),
        ({"type": "object"}, "dict[str, _typing.Any]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "dict[str, bool]"),
        ({"enum": ["a", "b"], "type": "string"}, "_typing.Literal['a', 'b']"),
        ({"const": 3}, "_typing.Literal[3]"),
        ({"enum": [1.5]}, "_typing.Any"),
        ({"anyOf": [{"type": "string"}, {"type": "string"}, {"type": "null"}]}, "str | None"),
        ({}, "_typing.Any"),
        (True, "_typing.Any"),
    ],
)
def test_a_schema_is_written_as_a_type(schema, words):
    assert write_type(schema) == (words, {})


def test_an_object_with_properties_is_a_typed_dict_named_after_its_place():
    assert write_type(LINE) == (
        "ShopOrder",
        {"ShopOrder": "class ShopOrder(_typing.TypedDict):\n    sku: str\n    n: _typing.NotRequired[int]"},
    )


def test_nested_objects_have_separate_names():
    schema = {"type": "object", "properties": {"lines": {"type": "array", "items": LINE}}, "required": ["lines"]}

    words, classes = write_type(schema)

    assert (words, sorted(classes)) == ("ShopOrder", ["ShopOrder", "ShopOrderLinesItem"])
    assert "lines: list[ShopOrderLinesItem]" in classes["ShopOrder"]


def test_a_definition_is_written_once_and_may_hold_itself():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "id": {"$ref": "#/$defs/Id"}}}
    schema = {"type": "array", "items": {"$ref": "#/$defs/Node"}}

    words, classes = write_type(schema, {"Node": node, "Id": {"type": "string"}})

    assert words == "list[ShopNode]"
    assert list(classes) == ["ShopNode"]
    assert "next: _typing.NotRequired[ShopNode]" in classes["ShopNode"]
    assert "id: _typing.NotRequired[str]" in classes["ShopNode"]


def test_a_reference_that_leads_to_itself_or_nowhere_is_anything():
    assert write_type({"$ref": "#/$defs/A"}, {"A": {"$ref": "#/$defs/A"}})[0] == "_typing.Any"
    assert write_type({"$ref": "#/$defs/Gone"})[0] == "_typing.Any"


def test_all_parts_together_make_one_object():
    more = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}

    _, classes = write_type({"allOf": [{"$ref": "#/$defs/Line"}, more]}, {"Line": LINE})

    assert "sku: str\n    n: _typing.NotRequired[int]" in classes["ShopOrder"]
    assert "note: str" in classes["ShopOrder"]
