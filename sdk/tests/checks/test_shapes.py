import pytest

from wren.checks.json_shapes import JsonShape
from wren.checks.shapes import MISSING, describe_shape, find_attribute, find_element, find_item

ISSUE = {"type": "object", "properties": {"title": {"type": "string"}, "parent": {"$ref": "#/$defs/Issue"}}}
DEFINITIONS = {"Issue": ISSUE}
ISSUES = JsonShape({"type": "array", "items": {"$ref": "#/$defs/Issue"}}, DEFINITIONS)


def test_a_declared_result_is_followed_through_lists_references_members_and_keys():
    issue = find_element(ISSUES)

    assert describe_shape(issue) == "object"
    for title in (find_item(issue, "title"), find_attribute(issue, "title")):
        assert find_attribute(title, "upper") is not MISSING
        assert find_attribute(title, "html") is MISSING
    assert find_attribute(find_attribute(find_item(issue, "parent"), "title"), "html") is MISSING


@pytest.mark.parametrize(
    ("name", "is_open", "is_missing"),
    [("title", False, False), ("titel", False, True), ("titel", True, False), ("items", False, False)],
)
def test_a_member_is_missing_only_where_the_schema_says_that_there_are_no_others(name, is_open, is_missing):
    shape = JsonShape({**ISSUE, "additionalProperties": is_open}, DEFINITIONS)

    assert (find_attribute(shape, name) is MISSING) is is_missing


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
        ({"type": ["object", "null"], "additionalProperties": False}, "title", True),
        ({"type": "integer"}, "text", True),
    ],
)
def test_null_and_alternatives_are_considered(schema, name, is_missing):
    assert (find_attribute(JsonShape(schema), name) is MISSING) is is_missing
