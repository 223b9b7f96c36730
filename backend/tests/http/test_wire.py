from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from wren_backend.http.wire import ErrorBody, JsonObject, RequestBody, ResponseBody, Timestamp, documented, timestamp

HALF_PAST_TEN = datetime(2024, 12, 8, 10, 30, tzinfo=UTC)


class Order(RequestBody):
    name: str
    count: int = 1


class Receipt(ResponseBody):
    at: Timestamp
    paid_at: Timestamp | None = None


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (HALF_PAST_TEN, "2024-12-08T10:30:00Z"),
        (HALF_PAST_TEN.replace(microsecond=250_999), "2024-12-08T10:30:00.250Z"),
        (HALF_PAST_TEN.astimezone(timezone(timedelta(hours=5, minutes=30))), "2024-12-08T10:30:00Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_milliseconds_where_it_has_some(moment, text):
    assert timestamp(moment) == text
    assert Receipt(at=moment).model_dump_json() == f'{{"at":"{text}","paid_at":null}}'


def test_an_instant_is_described_as_one():
    assert Receipt.model_json_schema(mode="serialization")["properties"]["at"]["format"] == "date-time"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"name": 7}, "name"),
        ({"name": "x", "count": "1"}, "count"),
        ({"name": "x", "count": True}, "count"),
        ({"name": "x", "cuont": 1}, "cuont"),
        ({}, "name"),
    ],
)
def test_a_field_that_is_unknown_missing_or_of_another_type_is_refused(value, field):
    with pytest.raises(ValidationError) as caught:
        Order.model_validate(value)

    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


def test_an_answer_cannot_be_changed_once_it_is_made():
    with pytest.raises(ValidationError, match="frozen"):
        Receipt(at=HALF_PAST_TEN).at = None


@pytest.mark.parametrize("value", [{}, {"a": [1, 2.5, None, True, "ü😀", {"b": []}]}, {"n": 10**400}])
def test_a_json_object_stays_as_it_is(value):
    assert TypeAdapter(JsonObject).validate_python(value) == value


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", float("nan"), float("inf")])
def test_a_json_object_with_what_cannot_be_stored_is_refused(value):
    for holder in ({"a": value}, {"a": [{"b": [value]}]}, *([{value: 1}] if isinstance(value, str) else [])):
        with pytest.raises(ValidationError, match="holds NUL, a lone surrogate, NaN or an infinity"):
            TypeAdapter(JsonObject).validate_python(holder)


@pytest.mark.parametrize(("levels", "fits"), [(64, True), (65, False), (900, False)])
def test_a_json_object_is_nested_at_most_64_levels(levels, fits):
    value: object = 1
    for number in range(levels):
        value = {"x": value} if number % 2 or number == levels - 1 else [value]

    if fits:
        assert TypeAdapter(JsonObject).validate_python(value) == value
    else:
        with pytest.raises(ValidationError, match="nested deeper than 64 levels"):
            TypeAdapter(JsonObject).validate_python(value)


def test_every_documented_answer_has_the_error_body_and_a_meaning():
    entries = documented(400, 401, 404, 409, 413, 415, 422, 500, 503)

    assert {entry["model"] for entry in entries.values()} == {ErrorBody}
    assert all(entry["description"] for entry in entries.values())


def test_the_example_of_an_error_is_one():
    (example,) = ErrorBody.model_json_schema()["examples"]

    assert ErrorBody.model_validate(example).model_dump(exclude_none=True) == example
