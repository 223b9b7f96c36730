import re

import pytest

from wren.openapi.errors import NodeInvalid
from wren.openapi.node import LoneSource, Node
from wren.openapi.schemas import SchemaWriter
from wren_core.contract.schema_check import check_schema
from wren_core.schemas.validator import Validator


def written(schema, components=None, *, direction="input", **options):
    node = Node(schema, "/it", LoneSource({"components": {"schemas": components or {}}}))
    schemas, definitions, is_whole = SchemaWriter(direction, **options).write({"it": node})
    Validator({"properties": schemas, "$defs": definitions})
    return schemas["it"], definitions, is_whole


def ref(name, **more):
    return {"$ref": f"#/components/schemas/{name}", **more}


PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def test_arguments_are_written_out_whole():
    schema, definitions, is_whole = written({"type": "array", "items": ref("Person")}, {"Person": PERSON})

    assert schema == {"type": "array", "items": PERSON}
    assert (definitions, is_whole) == ({}, True)


def test_records_of_an_answer_keep_their_names():
    schema, definitions, _ = written({"type": "array", "items": ref("Person")}, {"Person": PERSON}, direction="output")

    assert schema == {"type": "array", "items": {"$ref": "#/$defs/Person"}}
    assert definitions == {"Person": PERSON}


def test_what_contains_itself_is_a_definition():
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": ref("Tree")}}}

    schema, definitions, _ = written(ref("Tree"), {"Tree": tree})

    assert schema == {"$ref": "#/$defs/Tree"}
    assert definitions["Tree"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}


def test_properties_of_the_other_direction_are_left_out_and_no_longer_required():
    schema = {
        "type": "object",
        "properties": {"id": {"readOnly": True}, "word": {"writeOnly": True}, "far": ref("Far"), "name": {}},
        "required": ["id", "word", "far"],
    }
    far = {"type": "string", "readOnly": True}

    given, _, _ = written(schema, {"Far": far})
    got, _, _ = written(schema, {"Far": far}, direction="output")

    assert (list(given["properties"]), given["required"]) == (["word", "name"], ["word"])
    assert (list(got["properties"]), got["required"]) == (["id", "far", "name"], ["id", "far"])


def test_an_answer_may_have_more_than_it_says():
    schema = {"type": "object", "properties": {"a": {}}, "additionalProperties": False}

    assert written(schema)[0]["additionalProperties"] is False
    assert "additionalProperties" not in written(schema, direction="output")[0]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (
            {"allOf": [ref("Person"), {"properties": {"age": {"type": "integer"}}, "required": ["age"]}]},
            {
                "type": "object",
                "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                "required": ["name", "age"],
            },
        ),
        (
            {"allOf": [ref("Person")], "description": "Who", "nullable": True},
            {**PERSON, "type": ["object", "null"], "description": "Who"},
        ),
        ({"allOf": [{"minimum": 1}, {"maximum": 5}]}, {"allOf": [{"minimum": 1}, {"maximum": 5}]}),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"items": [{"type": "string"}, {"type": "null"}]}, {"prefixItems": [{"type": "string"}, {"type": "null"}]}),
        (
            {"type": "object", "additionalProperties": {"type": "int"}},
            {"type": "object", "additionalProperties": {"type": "integer"}},
        ),
        (ref("Person", description="Who", nullable=True), {**PERSON, "type": ["object", "null"], "description": "Who"}),
    ],
)
def test_composition_becomes_what_2020_12_and_models_understand(schema, expected):
    assert written(schema, {"Person": PERSON})[0] == expected


def test_a_document_that_refers_on_and_on_is_cut_where_the_budget_ends():
    components = {
        f"S{n}": {
            "type": "object",
            "description": f"Level {n}",
            "properties": {f"p{i}": ref(f"S{n + 1}") for i in range(3)},
        }
        for n in range(30)
    }
    components["S30"] = {"type": "string"}

    schema, definitions, is_whole = written(ref("S0"), components, max_nodes=20)

    assert not is_whole
    assert schema == {"$ref": "#/$defs/S0"}
    assert definitions["S1"]["properties"]["p0"] == {"$ref": "#/$defs/S2"}
    assert definitions[list(definitions)[-1]] == {"description": f"Level {len(definitions) - 1}", "type": "object"}
    assert len(definitions) < 10


def test_what_grows_without_a_name_has_an_end_too():
    components = {f"S{n}": {"type": "array", "items": [ref(f"S{n + 1}"), ref(f"S{n + 1}")]} for n in range(40)}
    components["S40"] = {"type": "string"}

    with pytest.raises(NodeInvalid, match="parts"):
        written(ref("S0"), components)


@pytest.mark.parametrize(
    ("schema", "said", "kept"),
    [
        (ref("Gone"), "^/it: .* has no target", {}),
        ({"items": {"$ref": "https://elsewhere.example/x.json"}}, "^/it/items: .* nothing is fetched", {"items": {}}),
        ({"properties": {"a": {"$dynamicRef": "#node"}}}, "^/it/properties/a: .*dynamicRef", None),
        ({"properties": {"a": ref("Gone", description="An a"), "b": {"type": "string"}}}, "has no target", None),
        ({"allOf": [{"properties": {"a": {}}}, ref("Gone")]}, "^/it/allOf/1: .* has no target", None),
        ({"allOf": [ref("Gone")]}, "^/it/allOf/0: .* has no target", {}),
    ],
)
@pytest.mark.parametrize("direction", ["input", "output"])
def test_a_part_that_is_not_described_is_open_with_a_note(schema, said, kept, direction):
    writer = SchemaWriter(direction)
    schemas, _, is_whole = writer.write({"it": Node(schema, "/it", LoneSource({}))})

    (note,) = writer.notes
    assert re.search(said, note)
    assert is_whole
    assert kept is None or schemas["it"] == kept
    Validator(schemas["it"])


@pytest.mark.parametrize(
    "components",
    [
        {"A": ref("A")},
        {"A": ref("B"), "B": ref("A")},
        {"A": {"allOf": [ref("A")]}},
        {"A": {"allOf": [ref("B"), {"properties": {"x": {}}}]}, "B": {"anyOf": [{"type": "string"}, ref("A")]}},
        {
            "A": {"oneOf": [ref("B")]},
            "B": {"oneOf": [ref("C")]},
            "C": {"anyOf": [ref("A"), ref("B"), {"type": "null"}]},
        },
    ],
)
@pytest.mark.parametrize("direction", ["input", "output"])
def test_a_schema_that_means_itself_is_open_with_a_note(components, direction):
    schema = {"type": "object", "properties": {"deep": {"properties": {"a": ref("A")}}, "kept": {"type": "string"}}}
    found = LoneSource({"components": {"schemas": components}})
    writer = SchemaWriter(direction)

    schemas, definitions, _ = writer.write({"it": Node(schema, "/it", found)})

    assert "refers to itself without describing anything" in writer.notes[0]
    assert schemas["it"]["properties"]["kept"] == {"type": "string"}
    check_schema({**schemas["it"], "$defs": definitions})


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"properties": {"a": "text"}}, "^/it/properties/a: a schema is expected"),
        ({"allOf": [{}, 5]}, "^/it/allOf/1: a schema is expected"),
    ],
)
def test_an_argument_that_is_no_schema_is_refused_with_its_place_and_an_answer_is_open(schema, said):
    with pytest.raises(NodeInvalid, match=said):
        written(schema)
    writer = SchemaWriter("output")
    writer.write({"it": Node(schema, "/it", LoneSource({}))})

    assert re.search(said, writer.notes[0])


def test_a_mistake_behind_a_reference_is_reported_where_it_stands():
    with pytest.raises(NodeInvalid) as caught:
        written({"items": ref("Bad")}, {"Bad": {"properties": {"a/b": 5}}})

    assert caught.value.pointer == "/components/schemas/Bad/properties/a~1b"
