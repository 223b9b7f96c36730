from typing import Any, Literal

import pytest

from wren_core.schemas.type_words import type_words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}, {"type": "integer"}]}, "integer or null"),
        ({"type": "array", "items": {"$ref": "#/$defs/Mail"}}, "array of Mail"),
        ({"$ref": "#/$defs/Mail", "$defs": {"Mail": {"type": "object"}}}, "Mail"),
        ({"$ref": "#/$defs/Colour", "$defs": {"Colour": {"enum": ["red", "blue"]}}}, "'red' | 'blue'"),
        ({"enum": ["a", 1]}, "'a' | 1"),
        ({"const": "a", "type": "string"}, "'a'"),
        ({"oneOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}, "A or B"),
        ({}, "any"),
        (True, "any"),
    ],
)
def test_a_type_is_described_in_a_few_words(schema: Any, words: Literal["any"]):
    assert type_words(schema) == words


def test_the_definitions_of_a_part_may_be_given():
    assert type_words({"$ref": "#/$defs/Colour"}, {"Colour": {"enum": ["red"]}}) == "'red'"
    assert type_words({"$ref": "#/$defs/Colour", "$defs": {"Colour": {"enum": ["red"]}}}, {}) == "Colour"
