from typing import Any

import pytest

from wren_core.contract.schema_check import check_schema, check_schemas
from wren_core.contract.spec import CustomAuth, IntegrationSpec, MethodSpec, TriggerSpec
from wren_core.schemas.validator import SchemaInvalid

BROKEN = {"type": "strng"}
TREE = {"$ref": "#/$defs/t", "$defs": {"t": {"properties": {"children": {"items": {"$ref": "#/$defs/t"}}}}}}


def spec(**parts: Any) -> IntegrationSpec:
    return IntegrationSpec(name="chat", display_name="Chat", **parts)


def method(**schemas: Any) -> MethodSpec:
    return MethodSpec(**{"id": "post", "name": "Post", "description": "Post.", "input_schema": {}, **schemas})


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        {"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"not": {"allOf": [{"$ref": "#/$defs/a"}]}}}},
        {"if": {"$ref": "#"}},
        {"dependentSchemas": {"x": {"$ref": "#"}}},
    ],
)
def test_circular_references_are_refused(schema):
    with pytest.raises(SchemaInvalid, match="leads back to itself"):
        check_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        TREE,
        {"properties": {"next": {"$ref": "#"}}},
        {"items": {"anyOf": [{"$ref": "#"}, {"type": "integer"}]}},
        {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "object"}}},
        {"default": {"$ref": "#"}, "enum": [{"$ref": "#"}]},
        {"properties": {"not": {"type": "string"}, "$ref": {"type": "string"}, "pattern": {"type": "string"}}},
    ],
)
def test_data_that_contains_its_own_kind_is_fine(schema):
    check_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^(?!x)"},
        {"properties": {"x": {"items": {"pattern": r"(a)\1"}}}},
        {"patternProperties": {"^(?!x)": {}}},
        {"items": {"$ref": "#/$defs/used"}, "$defs": {"used": {"pattern": "(?<=a)b"}}},
    ],
)
def test_a_pattern_that_needs_a_backtracking_engine_is_refused(schema):
    with pytest.raises(SchemaInvalid, match="linear time"):
        check_schema(schema)


def test_a_pattern_in_data_is_data():
    check_schema({"examples": [{"pattern": "^(?!x)"}], "pattern": "^[a-z]+$"})


@pytest.mark.parametrize(
    ("place", "declared"),
    [
        ("post, input schema", {"methods": (method(input_schema=BROKEN),)}),
        ("post, output schema", {"methods": (method(output_schema=BROKEN),)}),
        ("config schema", {"config_schema": BROKEN}),
        ("trigger mail, config schema", {"triggers": (TriggerSpec(name="mail", config_schema=BROKEN),)}),
        ("auth parameters", {"auth": CustomAuth(parameters=BROKEN)}),
    ],
)
def test_every_schema_of_an_integration_is_checked_and_named(place, declared):
    with pytest.raises(SchemaInvalid, match=f"^{place}: .*strng"):
        check_schemas(spec(**declared))


def test_a_reference_that_leads_outside_is_refused():
    with pytest.raises(SchemaInvalid, match="leads outside"):
        check_schemas(spec(methods=(method(input_schema={"$ref": "https://x.example/s.json"}),)))


def test_a_setting_that_init_needs_itself_is_refused_by_its_name():
    settings = {"type": "object", "properties": {"account": {"type": "string"}}}

    with pytest.raises(SchemaInvalid, match=r"'account' is reserved: `\.init\(account=\.\.\.\)` names a connection"):
        check_schemas(IntegrationSpec(name="mail", display_name="Mail", config_schema=settings))


def multiplying(levels: int, keyword: str) -> dict:
    steps = {f"s{n}": {keyword: [{"$ref": f"#/$defs/s{n + 1}"}, {"$ref": f"#/$defs/s{n + 1}"}]} for n in range(levels)}
    return {"$ref": "#/$defs/s0", "$defs": {**steps, f"s{levels}": {"type": "string"}}}


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_references_that_multiply_are_refused(keyword):
    check_schema(multiplying(10, keyword))

    for levels in (20, 40, 400):
        with pytest.raises(SchemaInvalid, match="multiply to more than 100000 steps"):
            check_schema(multiplying(levels, keyword))


def test_many_alternatives_and_many_parts_are_no_multiplication():
    refs = [{"$ref": "#/$defs/a"} for _ in range(2000)]

    check_schema(
        {"anyOf": refs, "properties": {f"p{n}": refs[n] for n in range(2000)}, "$defs": {"a": {"type": "null"}}}
    )
