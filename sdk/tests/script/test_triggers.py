import functools
from typing import Any

import pytest

import wren
from wren.script.triggers import find_triggers
from wren_core.errors import InvalidInput


def _configs(namespace: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(name, trigger.type, dict(trigger.config)) for name, trigger in find_triggers(namespace)]


def test_a_schedule_leaves_a_mark_and_the_function_as_it_was():
    def daily(event: Any) -> str:
        return f"ran with {event}"

    marked = wren.on_schedule("0 9 * * 1-5", timezone="Europe/Berlin")(daily)

    assert marked is daily
    assert marked("x") == "ran with x"
    expected = {"cron": "0 9 * * 1-5", "timezone": "Europe/Berlin"}
    assert _configs({"daily": marked}) == [("daily", "schedule", expected)]


def test_the_default_misfire_policy_is_left_out_and_another_is_kept():
    @wren.on_schedule("@daily", misfire="all")
    def catch_up() -> None: ...

    @wren.on_schedule("@daily", misfire="latest")
    def latest() -> None: ...

    assert [config.get("misfire") for *_, config in _configs({"a": catch_up, "b": latest})] == ["all", None]


def test_an_email_trigger_keeps_the_filters_that_were_given():
    @wren.on_email(from_="billing@vendor.example", subject="invoice")
    def file_invoice(email: Any) -> None: ...

    assert _configs({"f": file_invoice}) == [("f", "email", {"from": "billing@vendor.example", "subject": "invoice"})]


def test_several_triggers_of_a_function_come_in_the_order_they_are_read():
    @wren.on_schedule("0 9 * * *")
    @wren.on_schedule("0 17 * * *")
    def twice() -> None: ...

    assert [config["cron"] for *_, config in _configs({"twice": twice})] == ["0 9 * * *", "0 17 * * *"]


def test_a_function_with_two_names_counts_once():
    @wren.on_schedule("0 9 * * *")
    def daily() -> None: ...

    assert [name for name, *_ in _configs({"daily": daily, "alias": daily})] == ["daily"]


def test_a_decorator_above_the_trigger_does_not_hide_it():
    def logged(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper() -> Any:
            return function()

        return wrapper

    @logged
    @wren.on_schedule("0 9 * * *")
    def daily() -> None: ...

    assert [name for name, *_ in _configs({"daily": daily})] == ["daily"]


def test_objects_with_every_attribute_are_not_triggers():
    class Anything:
        def __getattr__(self, name: str) -> Any:
            return self

        def __iter__(self) -> Any:
            raise AssertionError("this must not be iterated over")

    assert _configs({"anything": Anything(), "number": 1, "none": None}) == []


@pytest.mark.parametrize(
    ("arguments", "code", "field", "value"),
    [
        ({"cron": "61 * * * *"}, "CRON_INVALID", "minute", "61"),
        ({"cron": "0 9 * *"}, "CRON_INVALID", "cron", "0 9 * *"),
        ({"cron": ""}, "CRON_INVALID", "cron", ""),
        ({"cron": "0 9 * * *", "timezone": "Mars/Olympus"}, "CRON_INVALID", "timezone", "Mars/Olympus"),
        ({"cron": "0 9 * * *", "misfire": "never"}, "TRIGGER_INVALID", "misfire", "'never'"),
    ],
)
def test_a_wrong_schedule_is_refused_with_field_value_and_example(
    arguments: dict[str, Any], code: str, field: str, value: str
):
    with pytest.raises(InvalidInput) as caught:
        wren.on_schedule(**arguments)

    assert caught.value.code == code
    assert (caught.value.details["field"], caught.value.details["value"]) == (field, value)
    assert str(caught.value.details["example"]) in caught.value.message


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({}, "from_"), ({"subject": " "}, "subject"), ({"from_": 5}, "from_"), ({"body": "x" * 501}, "body")],
)
def test_a_wrong_email_filter_is_refused_with_its_name(arguments: dict[str, Any], field: str):
    with pytest.raises(InvalidInput) as caught:
        wren.on_email(**arguments)

    assert (caught.value.code, caught.value.details["field"]) == ("TRIGGER_INVALID", field)


@pytest.mark.parametrize("decorator", [wren.on_schedule, wren.on_email])
def test_a_decorator_without_its_brackets_is_refused_with_an_example(decorator: Any):
    with pytest.raises(InvalidInput, match=r"needs its arguments: @wren\.on_") as caught:

        @decorator
        def daily() -> None: ...

    assert caught.value.code == "TRIGGER_INVALID"


def test_only_functions_can_be_marked():
    with pytest.raises(InvalidInput, match="expected a function"):
        wren.on_schedule("0 9 * * *")("not a function")  # type: ignore[type-var]
