import pytest
from pydantic import ValidationError

from wren_core.declarative.configuration import configuration

SCHEMA = {
    "type": "object",
    "properties": {
        "tenant": {"type": "string", "minLength": 2},
        "schema": {"type": "string", "default": "public"},
        "mail": {"anyOf": [{"$ref": "#/$defs/Mail"}, {"type": "null"}]},
    },
    "required": ["tenant"],
    "$defs": {"Mail": {"type": "object", "properties": {"host": {"type": "string"}}, "required": ["host"]}},
}


def problem_of(values):
    with pytest.raises(ValidationError) as caught:
        configuration(SCHEMA, "Depot").model_validate(values)
    first = caught.value.errors()[0]
    return first["loc"], first["type"], first["msg"]


def test_values_are_checked_by_their_part_of_the_schema_and_defaults_filled_in():
    config = configuration(SCHEMA, "Depot").model_validate({"tenant": "t1", "mail": {"host": "h"}})

    assert config.model_dump() == {"tenant": "t1", "schema": "public", "mail": {"host": "h"}}


@pytest.mark.parametrize(
    ("values", "where", "kind"),
    [
        ({}, ("tenant",), "missing"),
        ({"tenant": "t"}, ("tenant",), "json_schema"),
        ({"tenant": "t1", "mail": {"host": 5}}, ("mail",), "json_schema"),
        ({"tenant": "t1", "tennant": 1}, ("tennant",), "extra_forbidden"),
    ],
)
def test_a_value_that_does_not_fit_is_reported_at_its_field(values, where, kind):
    assert problem_of(values)[:2] == (where, kind)


@pytest.mark.parametrize("name", ["not-a-name", "_hidden", "model_dump", "1st"])
def test_a_field_that_could_not_be_given_is_refused(name):
    with pytest.raises(ValueError, match="cannot be called"):
        configuration({"type": "object", "properties": {name: {}}}, "Depot")
