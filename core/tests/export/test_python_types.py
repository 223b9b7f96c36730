import pytest

from wren_core.export.python_types import PythonTypes

MAIL = {"type": "object", "properties": {"id": {"type": "string"}}}


def name_of(schema, *, is_json=False):
    definitions = schema.get("$defs", {}) if isinstance(schema, dict) else {}
    return PythonTypes(definitions=definitions, is_json=is_json).name_of(schema)


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ({"type": "string"}, "str"),
        ({"type": "integer"}, "int"),
        ({"type": "number"}, "float"),
        ({"type": "boolean"}, "bool"),
        ({"type": "null"}, "None"),
        ({"type": ["null", "string"]}, "str | None"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}, {"type": "integer"}]}, "int | None"),
        ({"anyOf": [{"type": "string"}, {}]}, "Any"),
        ({"type": "array", "items": {"type": "string"}}, "list[str]"),
        ({"type": "array"}, "list[Any]"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}, "tuple[str, int]"),
        ({"type": "array", "items": {"$ref": "#/$defs/Mail"}, "$defs": {"Mail": MAIL}}, "list[Mail]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "dict[str, int]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"type": "object", "title": "Posted", "properties": {"id": {}}}, "Posted"),
        ({"$ref": "#/$defs/Colour", "$defs": {"Colour": {"enum": ["red", "blue"]}}}, "Literal['red', 'blue']"),
        ({"$ref": "#/$defs/Names", "$defs": {"Names": {"type": "array", "items": {"type": "string"}}}}, "list[str]"),
        ({"enum": ["a", 1, None]}, "Literal['a', 1, None]"),
        ({"const": "a", "type": "string"}, "Literal['a']"),
        ({"type": "string", "format": "date-time"}, "datetime"),
        ({"type": "string", "format": "base64url"}, "bytes"),
        ({"type": "string", "contentEncoding": "base64"}, "bytes"),
        ({}, "Any"),
        (True, "Any"),
    ],
)
def test_a_type_is_written_as_python_writes_it(schema, name):
    assert name_of(schema) == name


def test_a_list_that_holds_itself_ends():
    tree = {"type": "array", "items": {"$ref": "#/$defs/Tree"}}

    assert name_of({"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}) == "list[Tree]"


@pytest.mark.parametrize(
    ("schema", "is_json", "name"),
    [
        ({"type": "string", "format": "date"}, True, "str (date)"),
        ({"type": "string", "format": "uuid"}, True, "str (uuid)"),
        ({"type": "string", "contentEncoding": "base64"}, True, "str (base64)"),
        ({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}, True, "str (date-time) | None"),
        ({"type": "array", "items": {"type": "string", "format": "byte"}}, True, "list[str (byte)]"),
        ({"type": "string", "format": "date"}, False, "date"),
        ({"type": "string", "format": "uri"}, False, "str (uri)"),
        ({"type": "string", "format": "path"}, False, "str (path)"),
        ({"type": "string"}, True, "str"),
    ],
)
def test_a_reader_sees_the_format_of_a_text(schema, is_json, name):
    assert PythonTypes(is_json=is_json, shows_formats=True).name_of(schema) == name


def test_values_of_an_http_request_stay_as_json_has_them():
    assert name_of({"type": "string", "format": "date-time"}, is_json=True) == "str"
