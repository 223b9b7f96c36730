"""The table of cases: what changed in a schema, and how much it weighs for who sends and for who gets its values."""

import pytest

from wren.authoring.change import Level
from wren.authoring.schema_changes import Flow, compare_order, compare_schemas

NOTHING = (Level.NONE, Level.NONE)
SAID_OTHERWISE = (Level.PATCH, Level.PATCH)
TEXT = {"type": "string"}
NUMBER = {"type": "number"}
WHOLE = {"type": "integer"}
NULL = {"type": "null"}


def record(properties, required=(), **extra):
    return {"type": "object", "properties": properties, "required": list(required), **extra}


def union(*options):
    return {"anyOf": list(options)}


def level(old, new, flow):
    found = compare_schemas(old, new, flow=flow, where="send", noun="parameter")
    return max((change.level for change in found), default=Level.NONE)


# What changed, the schema before and after, and the level for input and for output.
CASES = {
    "nothing": (record({"a": TEXT}), record({"a": TEXT}), *NOTHING),
    "a description": (
        record({"a": {**TEXT, "description": "old"}}),
        record({"a": {**TEXT, "description": "new"}}),
        *(Level.PATCH, Level.PATCH),
    ),
    "a property was removed": (record({"a": TEXT, "b": TEXT}), record({"a": TEXT}), Level.MAJOR, Level.MAJOR),
    "an optional property was added": (record({"a": TEXT}), record({"a": TEXT, "b": TEXT}), Level.MINOR, Level.MINOR),
    "a required property was added": (
        record({"a": TEXT}),
        record({"a": TEXT, "b": TEXT}, ["b"]),
        *(Level.MAJOR, Level.MINOR),
    ),
    "a property became required": (record({"a": TEXT}), record({"a": TEXT}, ["a"]), Level.MAJOR, Level.MINOR),
    "a property became optional": (record({"a": TEXT}, ["a"]), record({"a": TEXT}), Level.MINOR, Level.MAJOR),
    "required in another order": (
        record({"a": TEXT, "b": TEXT}, ["a", "b"]),
        record({"a": TEXT, "b": TEXT}, ["b", "a"]),
        *SAID_OTHERWISE,
    ),
    "another type": (record({"a": TEXT}), record({"a": WHOLE}), Level.MAJOR, Level.MAJOR),
    "whole numbers only": (NUMBER, WHOLE, Level.MAJOR, Level.MINOR),
    "any number": (WHOLE, NUMBER, Level.MINOR, Level.MAJOR),
    "a type where there was none": ({}, TEXT, Level.MAJOR, Level.MINOR),
    "no type where there was one": (TEXT, {}, Level.MINOR, Level.MAJOR),
    "null is allowed": (TEXT, union(TEXT, NULL), Level.MINOR, Level.MAJOR),
    "null is allowed no longer": (union(TEXT, NULL), TEXT, Level.MAJOR, Level.MINOR),
    "null is allowed no longer, wherever it stood": (union(NULL, TEXT), TEXT, Level.MAJOR, Level.MINOR),
    "any number or nothing": (union(WHOLE, NULL), union(NUMBER, NULL), Level.MINOR, Level.MAJOR),
    "a list of types in place of a union": (union(TEXT, NULL), {"type": ["string", "null"]}, *SAID_OTHERWISE),
    "the options of a union in another order": (union(TEXT, NULL), union(NULL, TEXT), *SAID_OTHERWISE),
    "another option of a union": (union(TEXT, NULL), union(WHOLE, NULL), Level.MAJOR, Level.MAJOR),
    "a change within an option": (
        union(record({"a": TEXT}), NULL),
        union(record({"a": TEXT, "b": TEXT}), NULL),
        *(Level.MINOR, Level.MINOR),
    ),
    "a value was added": ({"enum": ["a"]}, {"enum": ["a", "b"]}, Level.MINOR, Level.MAJOR),
    "a value was removed": ({"enum": ["a", "b"]}, {"enum": ["a"]}, Level.MAJOR, Level.MINOR),
    "values in another order": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, *SAID_OTHERWISE),
    "only some values": (TEXT, {**TEXT, "enum": ["a"]}, Level.MAJOR, Level.MINOR),
    "any value": ({**TEXT, "enum": ["a"]}, TEXT, Level.MINOR, Level.MAJOR),
    "one value, said as a constant": ({"const": "a"}, {"enum": ["a"]}, *SAID_OTHERWISE),
    "another constant": ({"const": "a"}, {"const": "b"}, Level.MAJOR, Level.MAJOR),
    "a lower minimum": ({**WHOLE, "minimum": 5}, {**WHOLE, "minimum": 1}, Level.MINOR, Level.MAJOR),
    "a higher minimum": ({**WHOLE, "minimum": 1}, {**WHOLE, "minimum": 5}, Level.MAJOR, Level.MINOR),
    "a higher maximum": ({**TEXT, "maxLength": 5}, {**TEXT, "maxLength": 9}, Level.MINOR, Level.MAJOR),
    "a lower maximum": ({**TEXT, "maxLength": 9}, {**TEXT, "maxLength": 5}, Level.MAJOR, Level.MINOR),
    "a maximum of zero": ({"type": "array", "maxItems": 0}, {"type": "array"}, Level.MINOR, Level.MAJOR),
    "a new minimum of zero": (WHOLE, {**WHOLE, "minimum": 0}, Level.MAJOR, Level.MINOR),
    "a first maximum": (WHOLE, {**WHOLE, "maximum": 9}, Level.MAJOR, Level.MINOR),
    "no maximum": ({**WHOLE, "maximum": 9}, WHOLE, Level.MINOR, Level.MAJOR),
    "a first pattern": (TEXT, {**TEXT, "pattern": "^a"}, Level.MAJOR, Level.MINOR),
    "no pattern": ({**TEXT, "pattern": "^a"}, TEXT, Level.MINOR, Level.MAJOR),
    "another pattern": ({**TEXT, "pattern": "^a"}, {**TEXT, "pattern": "^b"}, Level.MAJOR, Level.MAJOR),
    "a first format": (TEXT, {**TEXT, "format": "date"}, Level.MAJOR, Level.MINOR),
    "a finer step": ({**WHOLE, "multipleOf": 10}, {**WHOLE, "multipleOf": 5}, Level.MINOR, Level.MAJOR),
    "a coarser step": ({**WHOLE, "multipleOf": 5}, {**WHOLE, "multipleOf": 10}, Level.MAJOR, Level.MINOR),
    "another step": ({**WHOLE, "multipleOf": 5}, {**WHOLE, "multipleOf": 7}, Level.MAJOR, Level.MAJOR),
    "no doubles": ({"type": "array"}, {"type": "array", "uniqueItems": True}, Level.MAJOR, Level.MINOR),
    "doubles were never refused": ({"type": "array", "uniqueItems": False}, {"type": "array"}, *SAID_OTHERWISE),
    "items of another type": (
        {"type": "array", "items": TEXT},
        {"type": "array", "items": WHOLE},
        *(Level.MAJOR, Level.MAJOR),
    ),
    "a field of the items was added": (
        {"type": "array", "items": record({"a": TEXT})},
        {"type": "array", "items": record({"a": TEXT, "b": TEXT})},
        *(Level.MINOR, Level.MINOR),
    ),
    "one fixed item more": (
        {"type": "array", "prefixItems": [TEXT]},
        {"type": "array", "prefixItems": [TEXT, TEXT]},
        *(Level.MAJOR, Level.MAJOR),
    ),
    "a fixed item of another type": (
        {"type": "array", "prefixItems": [TEXT, TEXT]},
        {"type": "array", "prefixItems": [TEXT, WHOLE]},
        *(Level.MAJOR, Level.MAJOR),
    ),
    "no further properties": (record({}), record({}, additionalProperties=False), Level.MAJOR, Level.MINOR),
    "further properties": (record({}, additionalProperties=False), record({}), Level.MINOR, Level.MAJOR),
    "values of a map of another type": (
        record({}, additionalProperties=TEXT),
        record({}, additionalProperties=WHOLE),
        *(Level.MAJOR, Level.MAJOR),
    ),
    "another default": (
        record({"a": {**TEXT, "default": "x"}}),
        record({"a": {**TEXT, "default": "y"}}),
        *(Level.MAJOR, Level.PATCH),
    ),
    "another default of what must be given": (
        record({"a": {**TEXT, "default": "x"}}, ["a"]),
        record({"a": {**TEXT, "default": "y"}}, ["a"]),
        *(Level.PATCH, Level.PATCH),
    ),
    "a default in place of a duty": (
        record({"a": TEXT}, ["a"]),
        record({"a": {**TEXT, "default": "x"}}),
        *(Level.MINOR, Level.MAJOR),
    ),
    "a keyword that cannot be compared": (
        {**TEXT, "not": {"const": "a"}},
        {**TEXT, "not": {"const": "b"}},
        *(Level.MAJOR, Level.MAJOR),
    ),
    "a definition moved into place": (
        {"$defs": {"A": record({"a": TEXT})}, "$ref": "#/$defs/A"},
        record({"a": TEXT}),
        *(Level.PATCH, Level.PATCH),
    ),
    "a definition changed": (
        {"$defs": {"A": record({"a": TEXT})}, "type": "array", "items": {"$ref": "#/$defs/A"}},
        {"$defs": {"A": record({})}, "type": "array", "items": {"$ref": "#/$defs/A"}},
        *(Level.MAJOR, Level.MAJOR),
    ),
    "a property that is called like a keyword": (
        record({"title": TEXT, "description": TEXT, "default": TEXT}),
        record({"title": TEXT, "description": TEXT}),
        *(Level.MAJOR, Level.MAJOR),
    ),
    "a schema that is a boolean": (record({"a": True}), record({"a": TEXT}), Level.MAJOR, Level.MINOR),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_of_a_schema_weighs_what_it_does_to_callers(case):
    old, new, as_input, as_output = CASES[case]

    assert level(old, new, Flow.INPUT) is as_input
    assert level(old, new, Flow.OUTPUT) is as_output


@pytest.mark.parametrize("case", CASES)
def test_nothing_changes_between_a_schema_and_itself(case):
    for schema in CASES[case][:2]:
        assert compare_schemas(schema, schema, flow=Flow.INPUT, where="send", noun="parameter") == []


def test_a_definition_within_itself_is_compared_without_end():
    tree = {"$defs": {"T": record({"kids": {"type": "array", "items": {"$ref": "#/$defs/T"}}})}, "$ref": "#/$defs/T"}
    larger = {**tree, "$defs": {"T": record({**tree["$defs"]["T"]["properties"], "name": TEXT})}}

    assert level(tree, larger, Flow.INPUT) is Level.MINOR


def test_a_change_says_where_it_is_and_what_it_was():
    old = record({"item": record({"size": {**WHOLE, "maximum": 9}})})
    new = record({"item": record({"size": {**WHOLE, "maximum": 5}})})

    (change,) = compare_schemas(old, new, flow=Flow.INPUT, where="send", noun="parameter")

    assert str(change) == "send: parameter 'item/size' has maximum 5 instead of 9"


@pytest.mark.parametrize(
    ("before", "after", "is_breaking"),
    [
        (["a", "b"], ["a", "b", "c"], False),
        (["a", "b"], ["a", "c", "b"], True),
        (["a", "b"], ["b", "a"], True),
        (["a", "b"], ["b"], False),
        ([], ["a"], False),
    ],
)
def test_a_call_without_names_must_go_on_meaning_the_same(before, after, is_breaking):
    schemas = [record(dict.fromkeys(names, TEXT)) for names in (before, after)]

    found = compare_order(*schemas, where="send")

    assert [change.level for change in found] == [Level.MAJOR] * is_breaking
