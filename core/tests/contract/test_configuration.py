import json
from typing import Annotated, Literal

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, HttpUrl, ValidationError

from wren_core import Integration, IntegrationConfig, IntegrationSpec
from wren_core.contract.configuration import check_config, with_defaults
from wren_core.errors import ConfigInvalid


class Page(IntegrationConfig):
    """How results are read."""

    size: Annotated[int, Field(ge=1, le=500), "Rows of one page"] = 50
    order: Literal["oldest", "newest"] = "newest"


class Mirror(IntegrationConfig):
    """Another place with the same data."""

    kind: Literal["mirror"] = "mirror"
    url: HttpUrl
    page: Page = Page()


class Archive(IntegrationConfig):
    """A folder."""

    kind: Literal["archive"] = "archive"
    folder: str
    page: Page | None = None


class Ledger(Integration):
    """Keep books."""

    spec = IntegrationSpec(name="ledger", display_name="Ledger")

    class Config(IntegrationConfig):
        """Which books."""

        tenant: Annotated[str, "Whose"]
        prefix: Annotated[str, "Before each number"] = "INV-"
        page: Page = Page(size=20)
        extra: Page | None = None
        sources: list[Mirror | Archive] = []
        labels: dict[str, str] = {}
        rate: float = 1.5
        strict: bool = True


SPEC = Ledger.full_spec()
DEFAULTS = {
    "prefix": "INV-",
    "page": {"size": 20, "order": "newest"},
    "extra": None,
    "sources": [],
    "labels": {},
    "rate": 1.5,
    "strict": True,
}


def refusal(values, **more):
    with pytest.raises(ConfigInvalid) as caught:
        check_config(SPEC, values, **more)
    return caught.value


def test_defaults_are_applied_where_nothing_is_given():
    assert check_config(SPEC, {"tenant": "acme"}) == {"tenant": "acme", **DEFAULTS}


def test_defaults_are_applied_inside_what_is_given():
    values = {
        "tenant": "acme",
        "page": {"size": 7},
        "extra": {},
        "sources": [{"url": "https://x.example"}, {"folder": "/x"}, {"folder": "/y", "page": {"order": "oldest"}}],
    }

    checked = check_config(SPEC, values)

    assert checked["page"] == {"size": 7, "order": "newest"}
    assert checked["extra"] == {"size": 50, "order": "newest"}
    assert checked["sources"] == [
        {"kind": "mirror", "url": "https://x.example", "page": {"size": 50, "order": "newest"}},
        {"kind": "archive", "folder": "/x", "page": None},
        {"kind": "archive", "folder": "/y", "page": {"size": 50, "order": "oldest"}},
    ]


def test_neither_the_values_nor_the_schema_are_changed():
    values, schema = {"tenant": "acme", "page": {}}, json.dumps(SPEC.config_schema)

    check_config(SPEC, values)["page"]["size"] = 1
    check_config(SPEC, values)["labels"]["a"] = "b"

    assert values == {"tenant": "acme", "page": {}}
    assert json.dumps(SPEC.config_schema) == schema


@pytest.mark.parametrize(
    ("values", "field", "reason", "nearest"),
    [
        ({}, "tenant", "is missing", None),
        ({"tenant": "a", "prefx": "X"}, "prefx", "is unknown", "prefix"),
        ({"tenant": "a", "zzz": 1}, "zzz", "is unknown", None),
        ({"tenant": 7}, "tenant", "must be string", None),
        ({"tenant": "a", "page": {"sise": 1}}, "page.sise", "is unknown", "size"),
        ({"tenant": "a", "page": {"size": 0}}, "page.size", "must be minimum: 1", None),
        ({"tenant": "a", "extra": {"order": "newst"}}, "extra.order", "must be 'oldest' | 'newest'", "newest"),
        ({"tenant": "a", "labels": {"a/b": 1}}, "labels.a/b", "must be string", None),
        (
            {"tenant": "a", "sources": [{"kind": "mirror", "url": "no url", "page": {}}]},
            "sources.0.url",
            "must be format: 'uri'",
            None,
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_place_and_the_reason(values, field, reason, nearest):
    error = refusal(values)

    assert (error.details["field"], error.details["reason"], error.details["nearest"]) == (field, reason, nearest)
    assert f"ledger: configuration field {field!r}: {reason}" in str(error)


def test_the_error_lists_the_fields_at_the_place():
    assert refusal({"tenant": "a", "page": {"nothing": 1}}).details["fields"] == ["size", "order"]
    assert refusal({"tenant": 1}).details["fields"] == ["tenant", *DEFAULTS]
    assert "it has tenant, prefix" in str(refusal({"zzz": 1, "tenant": "a"}))


def test_the_error_never_shows_the_value():
    assert "hunter2" not in str(refusal({"tenant": ["hunter2"]})) + str(refusal({"tenant": ["hunter2"]}).details)


def test_a_part_of_a_configuration_may_lack_what_is_required_and_nothing_else():
    assert check_config(SPEC, {"rate": 2}, is_partial=True) == {**DEFAULTS, "rate": 2}
    assert refusal({"rate": "high"}, is_partial=True).details["field"] == "rate"
    assert refusal({"sources": [{"kind": "archive"}]}, is_partial=True).details["field"].startswith("sources.0")


@pytest.mark.parametrize("schema", [{"type": "object", "properties": {"a": {}}}, {"properties": {"a": {}}}])
def test_a_schema_without_additional_properties_false_refuses_unknown_fields_too(schema):
    spec = IntegrationSpec(name="shop", display_name="Shop", config_schema=schema)

    with pytest.raises(ConfigInvalid, match="configuration field 'b': is unknown; it has a"):
        check_config(spec, {"b": 1})


def test_a_schema_may_allow_additional_fields():
    schema = {"type": "object", "properties": {}, "additionalProperties": {"type": "integer"}}
    spec = IntegrationSpec(name="shop", display_name="Shop", config_schema=schema)

    assert check_config(spec, {"b": 1}) == {"b": 1}


def test_circular_references_end():
    schema = {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}

    assert with_defaults(schema, {"a": {}}) == {"a": {}}


def test_a_tree_is_filled_as_deep_as_it_goes():
    node = {"properties": {"size": {"default": 1}, "child": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}}}
    schema = {"properties": {"root": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}}

    filled = with_defaults(schema, {"root": {"child": {"child": None}}})

    assert filled == {"root": {"size": 1, "child": {"size": 1, "child": None}}}


def test_a_schema_is_compiled_once(monkeypatch):
    compiled, compile_schema = [], jsonschema_rs.Draft202012Validator

    def counted(schema, **options):
        compiled.append(schema)
        return compile_schema(schema, **options)

    monkeypatch.setattr(jsonschema_rs, "Draft202012Validator", counted)
    spec = IntegrationSpec(name="once", display_name="Once", config_schema={"properties": {"only_here": {}}})

    for number in range(5):
        check_config(spec, {"only_here": number})

    assert len(compiled) == 1


sizes = st.integers(-1, 600) | st.sampled_from(["7", 7.5, None, True])
pages = st.fixed_dictionaries({}, optional={"size": sizes, "order": st.sampled_from(["oldest", "newest", "old", 1])})
urls = st.sampled_from(["https://x.example", "http://[::1]:8/", "no url", "", 3])
sources = st.fixed_dictionaries({"url": urls}, optional={"page": pages}) | st.fixed_dictionaries(
    {"folder": st.sampled_from(["/x", 1])}, optional={"kind": st.sampled_from(["archive", "mirror"]), "page": pages}
)
configurations = st.fixed_dictionaries(
    {},
    optional={
        "tenant": st.sampled_from(["acme", "", 5, None]),
        "prefix": st.sampled_from(["X", None]),
        "page": pages | st.none(),
        "extra": pages | st.none(),
        "sources": st.lists(sources, max_size=2),
        "labels": st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["x", 1]), max_size=2),
        "rate": st.sampled_from([1, 2.5, "3", None]),
        "strict": st.sampled_from([True, False, 1, "yes"]),
        "unknown": st.just(1),
    },
)


@given(configurations)
def test_the_schema_and_the_class_accept_the_same_values_and_fill_in_the_same_defaults(values):
    try:
        by_class = Ledger.Config.model_validate_json(json.dumps(values), strict=True)
    except ValidationError:
        assert refusal(values).details["field"]
        return

    checked = check_config(SPEC, values)
    assert Ledger.check_config(checked) == Ledger.check_config(values) == by_class


@given(configurations)
def test_what_the_schema_accepts_init_accepts(values):
    try:
        check_config(SPEC, values)
    except ConfigInvalid:
        return

    assert Ledger.create(values).config == Ledger.check_config(values)


def test_init_names_the_field_the_reason_and_the_nearest_as_the_schema_does():
    for values in ({"tenant": "a", "prefx": 1}, {"tenant": "a", "page": {"sise": 1}}, {"tenant": "a", "zzz": 1}):
        with pytest.raises(ConfigInvalid) as caught:
            Ledger.create(values)

        assert caught.value.details == refusal(values).details
