import pytest

from wren.openapi.keywords import nullable, plain_keywords, tidy


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
            {"type": "integer", "minimum": 1, "exclusiveMinimum": 1},
        ),
        ({"type": "number", "exclusiveMaximum": 5}, {"type": "number", "exclusiveMaximum": 5}),
        ({"maximum": 5, "exclusiveMaximum": False}, {"maximum": 5}),
        ({"type": "string", "format": "binary"}, {"type": "string", "format": "binary", "contentEncoding": "base64"}),
        ({"type": "file"}, {"type": "string", "contentEncoding": "base64"}),
        ({"type": "int"}, {"type": "integer"}),
        ({"type": "whatever"}, {}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a", "b", "a"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"enum": []}, {}),
        ({"required": True, "minLength": "3", "maxItems": -1, "multipleOf": 0, "pattern": 5}, {}),
        ({"required": ["a", "a"]}, {"required": ["a"]}),
        ({"pattern": "^a+$"}, {"pattern": "^a+$"}),
        ({"pattern": "^(?!a)"}, {}),
        ({"pattern": "("}, {}),
        ({"example": "short", "default": 5}, {"examples": ["short"], "default": 5}),
        ({"example": {"long": 1}}, {}),
        ({"x-internal": 1, "xml": {}, "discriminator": {}, "externalDocs": {}, "description": " "}, {}),
        ({"const": "a", "type": "string"}, {"const": "a"}),
    ],
)
def test_keywords_are_read_as_2020_12(schema, expected):
    assert plain_keywords(schema, "input") == expected


def test_of_an_answer_the_shape_counts_and_not_its_limits():
    schema = {"type": "string", "enum": ["a"], "pattern": "a", "minLength": 3, "default": "x", "example": "y"}

    assert plain_keywords(schema, "output") == {"type": "string", "enum": ["a"]}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"enum": ["a", None]}, {"enum": ["a", None]}),
        ({"type": ["string"]}, {"type": ["string"]}),
        (
            {"$ref": "#/$defs/A", "description": "d"},
            {"description": "d", "anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]},
        ),
        ({}, {}),
    ],
)
def test_nullable_takes_null_too(schema, expected):
    assert nullable(schema) == expected


def test_a_description_is_one_line_of_plain_text():
    assert tidy("<p>Books &amp; <b>bills</b>\n  of  2 < 3</p>") == "Books & bills of 2 < 3"
    assert len(tidy("x" * 5000)) == 1000
