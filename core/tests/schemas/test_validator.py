import difflib
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from wren_core import json_pointer
from wren_core.schemas.validator import MOST_PROBLEMS, SchemaInvalid, Validator
from wren_core.testing.patience import patience


def nested(depth: int, innermost: object = 1) -> object:
    for _ in range(depth):
        innermost = [innermost]
    return innermost


PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 5},
        "age": {"type": "integer", "minimum": 0},
        "role": {"enum": ["admin", "member"]},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "address": {"$ref": "#/$defs/Address"},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    },
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {
        "Address": {"type": "object", "properties": {"street": {"type": "string"}}, "additionalProperties": False}
    },
}


@pytest.mark.parametrize(
    "value", [{"name": "Ann"}, {"name": "Ann", "age": 3, "limit": None, "address": {"street": "x"}}]
)
def test_what_fits_has_no_problems(value):
    validator = Validator(PERSON)

    assert validator.is_valid(value)
    assert validator.problems(value) == []


@pytest.mark.parametrize(
    ("value", "pointer", "expected", "nearest", "words"),
    [
        ({}, "", "required: ['name']", None, '"name" is a required property'),
        ({"name": 3}, "/name", "string", None, 'is not of type "string"'),
        ({"name": "abcdef"}, "/name", "maxLength: 5", None, "longer than 5"),
        ({"name": "a", "age": -1}, "/age", "minimum: 0", None, "less than the minimum"),
        ({"name": "a", "rolle": 1}, "", "no other names than name, age", "role", "'rolle' was unexpected"),
        ({"name": "a", "zzz": 1}, "", "no other names than name, age", None, "'zzz' was unexpected"),
        ({"name": "a", "role": "admn"}, "/role", "'admin' | 'member'", "admin", "is not one of"),
        ({"name": "a", "limit": "x"}, "/limit", "integer or null", None, "'x' is not integer or null"),
        ({"name": "a", "address": {"streat": ""}}, "/address", "no other names than street", "street", "streat"),
        ({"name": "a", "tags": ["x", 1]}, "/tags/1", "string", None, 'is not of type "string"'),
    ],
)
def test_a_problem_says_where_what_was_expected_and_what_was_meant(value, pointer, expected, nearest, words):
    problem = Validator(PERSON).problems(value)[0]

    assert problem.pointer == pointer
    assert problem.expected.startswith(expected)
    assert problem.nearest == nearest
    assert words in problem.message


def test_the_nearest_value_is_sought_among_the_texts():
    assert Validator({"enum": [1, None, "admin"]}).problems("admn")[0].nearest == "admin"


def test_an_object_that_takes_nothing_says_so():
    assert Validator({"additionalProperties": False}).problems({"a": 1})[0].expected == "no other names than none"


def test_a_pointer_escapes_its_parts():
    schema = {"properties": {"a/b~c": {"type": "string"}}}

    assert Validator(schema).problems({"a/b~c": 1})[0].pointer == "/a~1b~0c"


def test_every_problem_is_listed_outermost_first():
    problems = Validator(PERSON).problems({"age": "x", "tags": ["a", 2]})

    assert [problem.pointer for problem in problems] == ["", "/age", "/tags/1"]


def test_a_problem_with_a_huge_value_has_a_short_message():
    problem = Validator({"type": "integer"}).problems("x" * 1_000_000)[0]

    assert len(problem.message) < 400


@pytest.mark.parametrize(
    "schema",
    [
        *({"type": "strng"}, {"minimum": "x"}, {"properties": []}, {"pattern": "(a+"}, {"$ref": "#/$defs/missing"}),
        {"properties": {"a": {"$ref": "#/$defs/missing"}}},
    ],
)
def test_a_broken_schema_is_refused(schema):
    with pytest.raises(SchemaInvalid):
        Validator(schema)


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
@pytest.mark.parametrize(
    "reference", ["https://x.example/s.json", "file:///etc/passwd", "other.json", "//x", "urn:x:y"]
)
def test_a_reference_outside_the_schema_is_refused(keyword, reference):
    with pytest.raises(SchemaInvalid, match="leads outside"):
        Validator({"properties": {"a": {"items": [{keyword: reference}]}}})


def test_no_reference_is_ever_fetched():
    class Counting(BaseHTTPRequestHandler):
        requests = 0

        def do_GET(self):
            type(self).requests += 1
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Counting)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/schema.json"
    for schema in ({"$ref": url}, {"$schema": url}, {"$id": url, "$ref": "#/x"}, {"$id": url, "type": "string"}):
        try:
            Validator(schema).problems(1)
        except SchemaInvalid:
            continue
    server.shutdown()
    server.server_close()

    assert Counting.requests == 0


def test_a_property_may_be_called_ref_and_data_may_look_like_one():
    data = {"$ref": "https://x.example"}
    validator = Validator({"properties": {"$ref": {"type": "string"}}, "default": data, "examples": [data]})

    assert validator.is_valid(data)
    assert Validator({"const": data}).is_valid(data)


@pytest.mark.parametrize(
    "pattern", [r"^(a+)+$", r"^(a|aa)+$", r"^(\w+\s?)*$", r"^(a|a)*b$", r"(.*)*x", r"^a*a*a*a*$", r"^(\p{L}+)+$"]
)
def test_a_pattern_takes_linear_time(pattern):
    validator = Validator({"type": "string", "pattern": pattern})
    started = time.perf_counter()

    problems = validator.problems("a" * 20_000 + "!")

    assert time.perf_counter() - started < patience(0.1)
    assert [problem.expected for problem in problems] == [f"pattern: {pattern!r}"]


@pytest.mark.parametrize("pattern", [r"^(?!x)\w+$", r"^(a+)+\1$", r"(?<=a)b", "(a+"])
def test_a_pattern_that_cannot_take_linear_time_is_refused_with_its_place(pattern):
    with pytest.raises(SchemaInvalid, match=r"at /properties/x/pattern: .* cannot be matched in linear time"):
        Validator({"properties": {"x": {"pattern": pattern}}})


def test_a_schema_that_is_only_a_cycle_ends():
    cycle = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}

    assert Validator(cycle).is_valid(1)
    assert Validator({"anyOf": [{"$ref": "#"}, {"type": "null"}]}).problems({}) == []


def test_a_schema_nested_without_end_is_refused():
    schema: dict[str, object] = {"type": "integer"}
    for _ in range(10_000):
        schema = {"items": schema}

    with pytest.raises(SchemaInvalid, match=r"(?i)recursion"):
        Validator(schema)


def test_a_deep_value_is_checked_to_its_bottom():
    tree = {
        "$ref": "#/$defs/t",
        "$defs": {"t": {"anyOf": [{"type": "integer"}, {"items": {"$ref": "#/$defs/t"}, "type": "array"}]}},
    }
    validator = Validator(tree)

    assert validator.is_valid(nested(3_000, 1))
    assert not validator.is_valid(nested(3_000, "x"))


def test_a_deep_value_is_refused_without_long_explanations():
    validator = Validator({"$ref": "#/$defs/t", "$defs": {"t": {"type": "array", "items": {"$ref": "#/$defs/t"}}}})
    started = time.perf_counter()

    problems = validator.problems(nested(3_000, "x"))

    assert [problem.message for problem in problems] == ["nested too deeply to be explained"]
    assert time.perf_counter() - started < patience(1)


def test_an_object_is_as_deep_as_a_list():
    value: object = "x"
    for _ in range(300):
        value = {"a": value}

    assert [problem.message for problem in Validator({"type": "array"}).problems(value)] == [
        "nested too deeply to be explained"
    ]


@pytest.mark.parametrize("value", [{1: 2}, b"bytes", object(), "\ud800"])
def test_a_value_that_is_not_json_never_fits(value):
    validator = Validator({})

    assert not validator.is_valid(value)
    assert [problem.expected for problem in validator.problems(value)] == ["a JSON value"]


def test_a_validator_is_not_changed_by_a_later_change_of_its_schema():
    schema = {"properties": {"a": {"type": "integer"}}}
    validator = Validator(schema)

    schema["properties"]["a"]["type"] = "string"

    assert validator.problems({"a": 1}) == []


def test_a_format_is_an_annotation():
    assert Validator({"type": "string", "format": "time"}).is_valid("09:00:00")


ELSEWHERE = {"$id": "y", "$ref": "#/$defs/z", "$defs": {"z": False}}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"allOf": [False]}, "what the schema allows"),
        ({"prefixItems": [False]}, "what the schema allows"),
        ({"$id": "https://x/r", "$ref": "#/$defs/x", "$defs": {"x": ELSEWHERE}}, "what the schema allows"),
        ({"$ref": "#a", "$defs": {"x": {"$anchor": "a", "type": "string"}}}, "string"),
    ],
)
def test_a_problem_is_reported_from_any_place_in_the_schema(schema, expected):
    assert [problem.expected for problem in Validator(schema).problems([1])] == [expected]


small = st.integers(-3, 3)
scalars = st.sampled_from(["string", "integer", "number", "boolean", "null", "object", "array"])
leaves = st.one_of(
    st.just({}),
    scalars.map(lambda kind: {"type": kind}),
    st.lists(scalars, min_size=1, max_size=3, unique=True).map(lambda kinds: {"type": kinds}),
    st.lists(small | st.sampled_from(["a", "b", None, True, 1.0]), min_size=1, max_size=3).map(lambda v: {"enum": v}),
    (small | st.sampled_from(["a", None, False, [1], {"a": 1}])).map(lambda v: {"const": v}),
    st.tuples(small, small).map(lambda ends: {"minimum": min(ends), "exclusiveMaximum": max(ends)}),
    st.integers(1, 3).map(lambda n: {"multipleOf": n}),
    st.integers(0, 2).map(lambda n: {"type": "string", "minLength": n, "maxLength": n + 1}),
    st.integers(0, 2).map(lambda n: {"type": "array", "minItems": n, "uniqueItems": True}),
    st.sampled_from(["^a", "b$", "^[ab]+$", "c"]).map(lambda pattern: {"pattern": pattern}),
    st.integers(0, 2).map(lambda n: {"minProperties": n, "maxProperties": n + 1}),
)


def _larger(inner):
    some = st.lists(inner, min_size=1, max_size=3)
    keys = st.sampled_from(["a", "b", "c"])
    return st.one_of(
        inner.map(lambda schema: {"items": schema}),
        some.map(lambda schemas: {"prefixItems": schemas, "items": False}),
        some.map(lambda schemas: {"anyOf": schemas}),
        some.map(lambda schemas: {"oneOf": schemas}),
        some.map(lambda schemas: {"allOf": schemas}),
        inner.map(lambda schema: {"not": schema}),
        inner.map(lambda schema: {"contains": schema}),
        st.tuples(inner, inner, inner).map(lambda s: {"if": s[0], "then": s[1], "else": s[2]}),
        st.dictionaries(keys, inner, min_size=1).map(lambda p: {"properties": p, "additionalProperties": False}),
        st.dictionaries(keys, inner, min_size=1).map(lambda p: {"properties": p, "required": sorted(p)}),
        inner.map(lambda schema: {"patternProperties": {"^a": schema}}),
        inner.map(lambda schema: {"propertyNames": schema}),
        st.lists(keys, unique=True).map(lambda names: {"dependentRequired": {"a": names}}),
        inner.map(lambda schema: {"properties": {"a": schema}, "unevaluatedProperties": False}),
    )


references = st.just({"$ref": "#/$defs/leaf"})
schemas = st.builds(
    lambda schema, leaf: {**schema, "$defs": {"leaf": leaf}},
    st.recursive(leaves | references, _larger, max_leaves=5),
    leaves,
)
values = st.recursive(
    st.none() | st.booleans() | small | st.floats(-3, 3) | st.sampled_from(["", "a", "b", "ab", "abc", "ünï"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=1_000)
@given(schemas, values)
def test_the_verdicts_are_those_of_the_reference_implementation(schema, value):
    expected = Draft202012Validator(schema).is_valid(value)

    validator = Validator(schema)

    assert validator.is_valid(value) == expected
    assert (validator.problems(value) == []) == expected


def test_a_broken_schema_is_refused_with_the_place_where_it_is_broken():
    with pytest.raises(SchemaInvalid, match=r"at \$\.properties\.to\.type: 'strnig' is not valid"):
        Validator({"type": "object", "properties": {"to": {"type": "strnig"}}})


NESTED = {
    "properties": {
        "page": {"anyOf": [{"$ref": "#/$defs/Page"}, {"type": "null"}]},
        "source": {
            "oneOf": [
                {"properties": {"kind": {"const": "a"}, "url": {"type": "string"}}, "required": ["kind", "url"]},
                {"properties": {"kind": {"const": "b"}, "size": {"type": "integer"}}, "required": ["kind"]},
            ]
        },
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    },
    "$defs": {"Page": {"type": "object", "properties": {"size": {"type": "integer"}}, "additionalProperties": False}},
}


@pytest.mark.parametrize(
    ("value", "pointer", "keyword", "nearest"),
    [
        ({"page": {"size": "x"}}, "/page/size", "type", None),
        ({"page": {"sise": 1}}, "/page", "additionalProperties", "size"),
        ({"page": 7}, "/page", "anyOf", None),
        ({"source": {"kind": "b", "size": "x"}}, "/source/size", "type", None),
        ({"source": {"kind": "a"}}, "/source", "required", None),
        ({"source": {"kind": "c"}}, "/source", "oneOf", None),
        ({"either": []}, "/either", "anyOf", None),
    ],
)
def test_the_problem_is_that_of_the_only_possible_alternative(value, pointer, keyword, nearest):
    (problem,) = Validator(NESTED).problems(value)

    assert (problem.pointer, problem.keyword, problem.nearest) == (pointer, keyword, nearest)


def test_missing_and_unknown_properties_are_named_with_those_that_exist():
    validator = Validator({"properties": {"a": {}, "b": {}}, "required": ["a"], "additionalProperties": False})

    missing, unknown = validator.problems({"c": 1, "d": 2})[::-1]
    if missing.keyword != "required":
        missing, unknown = unknown, missing

    assert (missing.names, missing.known) == (("a",), ("a", "b"))
    assert (unknown.names, unknown.known) == (("c", "d"), ("a", "b"))


def test_where_nothing_is_allowed_everything_is_unknown():
    (problem,) = Validator({"additionalProperties": False}).problems({"a": 1})

    assert (problem.keyword, problem.names, problem.known) == ("additionalProperties", ("a",), ())


@pytest.mark.parametrize(
    ("kind", "fits", "not_so"),
    [("date-time", "2026-01-01T00:00:00Z", "today"), ("email", "a@b.example", "a"), ("uri", "https://x", "x y")],
)
def test_formats_are_checked_on_request(kind, fits, not_so):
    schema = {"type": "string", "format": kind}

    assert Validator(schema, formats=True).is_valid(fits)
    assert not Validator(schema, formats=True).is_valid(not_so)
    assert Validator(schema).is_valid(not_so)


TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
NUMBERED = {"type": "object", "properties": {"7": {"enum": ["a"]}, "8": {"type": "object", "properties": {"0": TEXTS}}}}


@pytest.mark.parametrize(
    ("schema", "value", "pointer"),
    [
        (TEXTS, {"13": 5}, "/13"),
        (TEXTS, {"013": 5}, "/013"),
        (TEXTS, {"13": "x", "013": 5}, "/013"),
        (TEXTS, {"+13": 5}, "/+13"),
        ({"properties": {"metadata": TEXTS}}, {"metadata": {"0": None}}, "/metadata/0"),
        ({"items": TEXTS}, [{}, {"1": 5}], "/1/1"),
        (NUMBERED, {"7": "b"}, "/7"),
        (NUMBERED, {"8": {"0": {"00": 1}}}, "/8/0/00"),
        ({"properties": {"m": {"anyOf": [TEXTS, {"type": "null"}]}}}, {"m": {"13": 5}}, "/m/13"),
    ],
)
def test_a_key_that_looks_like_a_number_is_a_key(schema, value, pointer):
    (problem,) = Validator(schema).problems(value)

    assert problem.pointer == pointer
    assert problem.got == json_pointer.find(value, pointer)


def test_the_schema_of_a_numbered_property_is_found():
    (problem,) = Validator(NUMBERED).problems({"7": "b"})

    assert (problem.expected, problem.nearest) == ("'a'", None)


@pytest.mark.parametrize("size", [1000, 2000])
def test_the_number_of_explained_problems_is_bounded(size):
    wrong = {f"0{number}": number for number in range(size)}

    assert len(Validator(TEXTS).problems(wrong)) == MOST_PROBLEMS


def test_only_some_unknown_names_are_compared_with_the_known_ones(monkeypatch):
    compared = []
    monkeypatch.setattr(difflib, "get_close_matches", lambda name, *_, **_options: compared.append(name) or [])
    closed = Validator({"properties": {"title": {}}, "additionalProperties": False})

    for size in (1000, 2000):
        compared.clear()
        assert closed.problems({f"x{number}": 1 for number in range(size)})
        assert len(compared) == 10
