import pytest

from wren.checks.json_shapes import JsonShape
from wren.checks.shapes import MISSING, describe_shape, find_attribute, find_element, find_item

ISSUE = {"type": "object", "properties": {"title": {"type": "string"}, "parent": {"$ref": "#/$defs/Issue"}}}
DEFINITIONS = {"Issue": ISSUE}
ISSUES = JsonShape({"type": "array", "items": {"$ref": "#/$defs/Issue"}}, DEFINITIONS)


def test_a_declared_result_is_followed_through_lists_references_and_keys():
    issue = find_element(ISSUES)

    assert find_attribute(issue, "title") is MISSING
    assert describe_shape(issue) == "dict"
    assert find_attribute(find_item(issue, "title"), "upper") is not MISSING
    assert find_attribute(find_item(find_item(issue, "parent"), "title"), "html") is MISSING


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
        ({"type": ["object", "null"]}, "title", True),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "upper", False),
        ({"oneOf": [{"type": "string"}, {"type": "array"}]}, "append", False),
        ({"type": "object"}, "items", False),
        ({"type": "integer"}, "text", True),
    ],
)
def test_null_and_alternatives_are_considered(schema, name, is_missing):
    assert (find_attribute(JsonShape(schema), name) is MISSING) is is_missing
