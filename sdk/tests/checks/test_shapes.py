import pytest

from wren.checks.json_shapes import JsonShape
from wren.checks.shapes import MISSING, find_attribute, find_item

ISSUE = {"type": "object", "properties": {"title": {"type": "string"}, "parent": {"$ref": "#/$defs/Issue"}}}
DEFINITIONS = {"Issue": ISSUE}
ISSUES = JsonShape({"type": "array", "items": {"$ref": "#/$defs/Issue"}}, DEFINITIONS)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        True,
        {"$ref": "#/$defs/Nowhere"},
        {"$ref": "#/$defs/Circle"},
        {"anyOf": [{"type": "object"}, {}]},
        {"type": "unheard-of"},
        {"allOf": [{"type": "object"}]},
    ],
)
def test_an_open_schema_says_nothing(schema):
    shape = JsonShape(schema, {"Circle": {"$ref": "#/$defs/Circle"}})

    assert find_attribute(shape, "title") is None
    assert find_item(shape, "title") is None


@pytest.mark.parametrize(
    ("schema", "name", "is_missing"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "upper", False),
        ({"oneOf": [{"type": "string"}, {"type": "array"}]}, "append", False),
        ({"type": "object"}, "items", False),
        ({"type": "integer"}, "text", True),
    ],
)
def test_null_and_alternatives_are_considered(schema, name, is_missing):
    assert (find_attribute(JsonShape(schema), name) is MISSING) is is_missing
