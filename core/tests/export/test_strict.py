from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from wren_core import method
from wren_core.export.strict import obstacle, strict_schema, without_nulls
from wren_core.schemas.validator import Validator


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    sku: str
    count: int = 1
    colour: Colour | None = None


class Tree(BaseModel):
    name: str
    children: list["Tree"] = []


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int = 1


def schema_of(function: Any) -> dict[str, Any]:
    return method(function).spec.input_schema


def strict_faults(node: Any, where: str = "") -> list[str]:
    """List what OpenAI would refuse: an independent reading of its rules."""
    faults = []
    if "$ref" in node and len(node) > 1:
        faults.append(f"{where}: next to a $ref: {sorted(node)}")
    kinds = node.get("type", [])
    if "object" in ([kinds] if isinstance(kinds, str) else kinds):
        if node.get("additionalProperties") is not False:
            faults.append(f"{where}: open object")
        if sorted(node.get("required", [])) != sorted(node.get("properties", {})):
            faults.append(f"{where}: optional property")
    if {"default", "title", "oneOf", "allOf", "minLength", "uniqueItems"} & set(node):
        faults.append(f"{where}: keyword {sorted(node)}")
    children = {**node.get("properties", {}), **node.get("$defs", {})}
    children |= {str(index): item for index, item in enumerate(node.get("anyOf", []))}
    children |= {"items": node["items"]} if "items" in node else {}
    return faults + [fault for name, item in children.items() for fault in strict_faults(item, f"{where}/{name}")]


def plain(self, to: str) -> None:
    """Do."""


def nothing(self) -> None:
    """Do."""


def optional(self, to: str, limit: int = 10, note: str | None = None, *, urgent: bool = False) -> None:
    """Do."""


def nested(
    self, lines: Annotated[list[Line], "What"], first: Annotated[Line, "The first"], last: Line | None = None
) -> None:
    """Do."""


def enums(self, colour: Colour, mode: Literal["a", "b"] = "a", only: Literal["x"] = "x") -> None:
    """Do."""


def recursive(self, tree: Annotated[Tree, "A tree"]) -> None:
    """Do."""


Even = Annotated[int, Field(ge=1, le=9, multiple_of=2)]
AFew = Annotated[list[int], Field(max_length=3)]


def limits(self, n: Even = 2, xs: AFew = []) -> None:  # noqa: B006
    """Do."""


def unions(self, who: str | list[Line], line: Line = Line(sku="x"), mode: Literal["a"] | None = None) -> None:
    """Do."""


EXPRESSIBLE = [plain, nothing, optional, nested, enums, recursive, limits, unions]


@pytest.mark.parametrize("function", EXPRESSIBLE)
def test_a_strict_form_keeps_every_parameter_and_every_rule(function):
    schema = schema_of(function)

    strict = strict_schema(schema)

    assert strict is not None
    assert strict_faults(strict) == []
    assert list(strict["properties"]) == list(schema["properties"])
    assert strict["required"] == list(schema["properties"])
    assert obstacle(schema) is None
    Validator(strict)


def test_an_optional_parameter_becomes_nullable_and_required():
    strict = strict_schema(schema_of(optional))

    assert strict == {
        "type": "object",
        "properties": {
            "to": {"type": "string"},
            "limit": {"type": ["integer", "null"]},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "urgent": {"type": ["boolean", "null"]},
        },
        "required": ["to", "limit", "note", "urgent"],
        "additionalProperties": False,
    }


def test_a_described_reference_is_wrapped():
    strict = strict_schema(schema_of(nested))

    assert strict is not None
    assert strict["properties"]["first"] == {"description": "The first", "anyOf": [{"$ref": "#/$defs/Line"}]}
    assert strict["properties"]["last"] == {"anyOf": [{"$ref": "#/$defs/Line"}, {"type": "null"}]}


def test_an_optional_reference_may_be_null():
    strict = strict_schema(schema_of(unions))

    assert strict is not None
    assert strict["properties"]["line"] == {"anyOf": [{"$ref": "#/$defs/Line"}, {"type": "null"}]}


def test_an_optional_choice_may_be_null():
    strict = strict_schema(schema_of(enums))

    assert strict is not None
    assert strict["properties"]["mode"] == {"anyOf": [{"enum": ["a", "b"], "type": "string"}, {"type": "null"}]}


def test_an_optional_union_gets_one_more_choice():
    choices = [{"type": "string"}, {"type": "integer"}]
    strict = strict_schema({"type": "object", "properties": {"x": {"anyOf": choices, "description": "Either"}}})

    assert strict is not None
    assert strict["properties"]["x"] == {"description": "Either", "anyOf": [*choices, {"type": "null"}]}


def test_an_optional_object_is_closed():
    inner = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a"]}
    strict = strict_schema({"type": "object", "properties": {"x": inner, "y": inner}, "required": ["y"]})

    assert strict is not None
    assert strict_faults(strict) == []


def free_form(self, data: dict[str, Any]) -> None:
    """Do."""


def optional_free_form(self, data: dict[str, Any] = {}) -> None:  # noqa: B006
    """Do."""


def free_form_or_none(self, data: dict[str, Any] | None = None) -> None:
    """Do."""


def map_of(self, data: dict[str, int]) -> None:
    """Do."""


def anything(self, data: Any) -> None:
    """Do."""


def described_anything(self, data: Annotated[Any, "Whatever"] = None) -> None:
    """Do."""


def list_of_anything(self, data: list[Any]) -> None:
    """Do."""


def bare_list(self, data: list) -> None:  # type: ignore[type-arg]
    """Do."""


def pair(self, data: tuple[int, str]) -> None:
    """Do."""


def opened(self, data: Open) -> None:
    """Do."""


def length(self, data: Annotated[str, Field(min_length=1)]) -> None:
    """Do."""


def raw(self, data: bytes) -> None:
    """Do."""


def unique(self, data: set[int]) -> None:
    """Do."""


INEXPRESSIBLE = [
    *(
        free_form,
        optional_free_form,
        free_form_or_none,
        map_of,
        anything,
        described_anything,
        list_of_anything,
        bare_list,
    ),
    *(pair, opened, length, raw, unique),
]


@pytest.mark.parametrize("function", INEXPRESSIBLE)
def test_a_schema_without_a_strict_form_is_reported_with_the_place(function):
    schema = schema_of(function)

    assert strict_schema(schema) is None
    assert "data" in str(obstacle(schema)) or "Open" in str(obstacle(schema))


def objects(count: int) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(count)}}


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        *({}, {"type": "array", "items": {"type": "string"}}, {"anyOf": [{"type": "object", "properties": {}}]}),
        *(objects(5_001), deep(12)),
        {"type": "object", "properties": {"x": {"enum": list(range(1_001))}}},
        {"type": "object", "properties": {"x": {"anyOf": [{"enum": list(range(1_001))}]}}},
        {"type": "object", "properties": {"x": {"type": "array", "items": {"enum": list(range(1_001))}}}},
        {"type": "object", "properties": {"x": {"type": "string", "enum": ["y" * 130_000]}}},
        {"type": "object", "properties": {"x": {"const": "y" * 130_000}}},
        {"type": "object", "properties": {"y" * 130_000: {"type": "string"}}},
        {"type": "object", "properties": {"x": {"type": "string", "x-vendor": 1}}},
        {
            "type": "object",
            "properties": {"x": {"$ref": "#/$defs/X", "minLength": 1}},
            "$defs": {"X": {"type": "string"}},
        },
        {"type": "object", "properties": {"x": {"allOf": [{"type": "string"}]}}},
        {"type": "object", "properties": {"x": True}},
        {"type": "object", "properties": {"x": {"type": "object"}}},
        {"type": "object", "properties": {"x": {"type": "array"}}},
    ],
)
def test_a_schema_outside_the_subset_or_its_limits_has_no_strict_form(schema):
    assert strict_schema(schema) is None
    assert obstacle(schema)


@pytest.mark.parametrize(
    "schema",
    [
        *(objects(5_000), deep(9)),
        {**objects(5_000), "$defs": {"One": {"type": "string"}}},
        {"type": "object", "properties": {"x": {"const": "y" * 2_000}, "z": {"enum": list(range(1_000))}}},
    ],
)
def test_a_schema_just_within_the_limits_has_one(schema):
    assert strict_schema(schema) is not None


def test_an_object_inside_a_choice_is_closed():
    inner = {"type": "object", "properties": {"a": {"type": "string"}}}
    strict = strict_schema({"type": "object", "properties": {"x": {"anyOf": [inner, {"type": "integer"}]}}})

    assert strict is not None
    assert strict_faults(strict) == []


def test_what_may_be_null_already_stays_as_it_is():
    nullable = {"type": ["string", "null"]}
    strict = strict_schema({"type": "object", "properties": {"x": nullable}})

    assert strict is not None
    assert strict["properties"]["x"] == nullable


def test_the_obstacle_names_the_place():
    free = {"type": "object", "properties": {}, "additionalProperties": True}

    assert obstacle(free) == "arguments: an object with free names cannot be closed"
    assert obstacle({"type": "object", "properties": {"x": {"type": "object", "properties": {"y": {}}}}}) == (
        "/x/y: any value is allowed"
    )


def test_the_schema_itself_is_left_alone():
    schema = schema_of(nested)
    before = repr(schema)

    strict_schema(schema)

    assert repr(schema) == before


def test_nulls_of_omitted_arguments_are_removed():
    arguments = {"to": "a", "limit": None, "note": None, "urgent": None}

    assert without_nulls(schema_of(optional), arguments) == {"to": "a", "note": None}


def test_nulls_are_removed_at_any_depth():
    line = {"sku": "x", "count": None, "colour": None}
    arguments = {"lines": [line, line], "first": line, "last": line}

    cleaned = without_nulls(schema_of(nested), arguments)

    kept = {"sku": "x", "colour": None}
    assert cleaned == {"lines": [kept, kept], "first": kept, "last": kept}


def test_nulls_are_removed_from_a_recursive_value():
    tree = {"name": "a", "children": [{"name": "b", "children": None}]}

    assert without_nulls(schema_of(recursive), {"tree": tree}) == {"tree": {"name": "a", "children": [{"name": "b"}]}}


def test_a_null_that_is_required_or_allowed_stays():
    schema = schema_of(described_anything)

    assert without_nulls(schema, {"data": None}) == {"data": None}
    assert without_nulls(schema_of(plain), {"to": None}) == {"to": None}
    assert without_nulls(schema_of(plain), {"to": None, "unknown": None}) == {"to": None, "unknown": None}


@pytest.mark.parametrize("allowing", [True, {"enum": ["a", None]}, {"const": None}, {"$ref": "#/$defs/Gone"}])
def test_a_null_the_schema_allows_stays(allowing):
    assert without_nulls({"properties": {"x": allowing}}, {"x": None}) == {"x": None}


def test_nulls_are_removed_from_a_list_that_could_be_another_type():
    arguments = {"who": [{"sku": "x", "count": None, "colour": None}], "line": None, "mode": None}

    assert without_nulls(schema_of(unions), arguments) == {"who": [{"sku": "x", "colour": None}], "mode": None}


def test_a_free_form_object_keeps_its_nulls():
    assert without_nulls(schema_of(free_form), {"data": {"a": None}}) == {"data": {"a": None}}


def _of(node: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Generate what a model in strict mode may send for a schema."""
    if "$ref" in node:
        return st.deferred(lambda: _of(definitions[node["$ref"].rpartition("/")[2]], definitions))
    if "anyOf" in node:
        return st.one_of([_of(item, definitions) for item in node["anyOf"]])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    if "const" in node:
        return st.just(node["const"])
    kinds = [node["type"]] if isinstance(node["type"], str) else node["type"]
    return st.one_of([_of_kind(kind, node, definitions) for kind in kinds])


def _of_kind(kind: str, node: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "object":
        return st.fixed_dictionaries({name: _of(item, definitions) for name, item in node["properties"].items()})
    if kind == "array":
        return st.lists(_of(node["items"], definitions), max_size=min(2, node.get("maxItems", 2)))
    step = node.get("multipleOf", 1)
    scalars = {
        "string": st.text(max_size=3),
        "integer": st.integers(1, 4).map(lambda n: n * step),
        "boolean": st.booleans(),
    }
    return scalars.get(kind, st.none())


@settings(max_examples=50)
@pytest.mark.parametrize("function", EXPRESSIBLE)
@given(data=st.data())
def test_whatever_a_strict_model_sends_fits_the_method_once_the_nulls_are_out(function, data):
    schema = schema_of(function)
    strict = strict_schema(schema)
    assert strict is not None
    arguments = data.draw(_of(strict, strict.get("$defs", {})))
    assert Validator(strict).problems(arguments) == []

    assert Validator(schema).problems(without_nulls(schema, arguments)) == []
