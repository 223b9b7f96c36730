from datetime import UTC, datetime, timedelta

import pytest

from wren_backend.deployments.declaration import (
    Declaration,
    MetadataInvalid,
    MetadataMismatch,
    check_agreement,
    check_declaration,
)
from wren_backend.triggers.declaration import TriggerUnsupported
from wren_core.errors import InvalidInput

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def schedule(func="daily", **config):
    return {"type": "schedule", "func": func, "config": {"cron": "0 9 * * *", **config}}


def test_schedules_that_repeat_a_trigger_add_nothing():
    metadata = {"triggers": [schedule()], "schedules": [{"cron": "0 9 * * *", "func_name": "daily"}]}

    declaration = Declaration.of(metadata)

    assert len(declaration.triggers) == 1


def test_a_schedule_without_its_trigger_becomes_one():
    declaration = Declaration.of({"schedules": [{"cron": "0 9 * * *", "func_name": "daily"}]})

    assert declaration == Declaration.of({"triggers": [schedule()]})


def test_defaults_and_order_do_not_make_a_difference():
    one = {"integrations": ["b", "a"], "triggers": [schedule("x"), schedule("y", timezone="UTC")]}
    other = {"integrations": ["a", "b", "a"], "triggers": [schedule("y"), schedule("x", misfire="latest")]}

    check_agreement(Declaration.of(one), Declaration.of(other))


@pytest.mark.parametrize(
    "submitted",
    [
        {"integrations": [], "triggers": [schedule()]},
        {"integrations": ["mail"], "triggers": []},
        {"integrations": ["mail"], "triggers": [schedule(cron="0 8 * * *")]},
        {"integrations": ["mail"], "triggers": [schedule(func="other")]},
    ],
)
def test_metadata_that_disagrees_is_refused_with_both_sides(submitted):
    extracted = Declaration.of({"integrations": ["mail"], "triggers": [schedule()]})

    with pytest.raises(MetadataMismatch) as caught:
        check_agreement(extracted, Declaration.of(submitted))

    assert caught.value.code == "METADATA_MISMATCH"
    assert caught.value.details["script_declares"] == extracted.to_wire()
    assert caught.value.details["metadata_says"] == Declaration.of(submitted).to_wire()


def test_a_trigger_type_that_cannot_fire_is_refused_by_name():
    declaration = Declaration.of({"triggers": [{"type": "email", "func": "on_mail", "config": {}}]})

    with pytest.raises(TriggerUnsupported, match=r"on_mail has a trigger of type 'email'.*cannot fire yet"):
        check_declaration(declaration, now=NOW, min_interval=MINUTE)


def test_a_broken_cron_is_refused_with_field_value_and_example():
    declaration = Declaration.of({"triggers": [schedule(cron="61 9 * * *")]})

    with pytest.raises(InvalidInput, match=r"minute '61' is not valid: expected 0-59; for example \*/15"):
        check_declaration(declaration, now=NOW, min_interval=MINUTE)


@pytest.mark.parametrize(
    ("metadata", "field"),
    [
        ({"triggers": 7}, "triggers"),
        ({"triggers": [{"type": "schedule"}]}, "triggers.0.func"),
        ({"triggers": [{"type": "schedule", "func": "f", "config": {}}]}, "triggers.0"),
        ({"triggers": [{"type": "schedule", "func": "f", "config": {"cron": 7}}]}, "triggers.0"),
        ({"triggers": [{"type": "manual", "func": "f", "config": {"x": "\ud800"}}]}, "triggers.0.config"),
        ({"schedules": [{"cron": "0 9 * * *"}]}, "schedules.0.func_name"),
        ({"integrations": [["mail"]]}, "integrations.0"),
        ({"integrations": ["x" * 201]}, "integrations.0"),
    ],
)
def test_metadata_of_another_form_is_refused_by_field_wherever_it_comes_from(metadata, field):
    with pytest.raises(MetadataInvalid) as caught:
        Declaration.of(metadata)

    assert (caught.value.type, caught.value.code) == ("AgentFixableError", "METADATA_INVALID")
    assert caught.value.details == {"field": field}


def test_a_field_that_a_newer_sdk_adds_is_left_alone():
    trigger = {**schedule(), "priority": 3}

    assert Declaration.of({"triggers": [trigger], "sdk": "9.0"}) == Declaration.of({"triggers": [schedule()]})


def test_the_wire_form_reads_back_as_the_same_declaration():
    declaration = Declaration.of({"integrations": ["b", "a"], "triggers": [schedule(), schedule("y", timezone="UTC")]})

    assert Declaration.of(declaration.to_wire()) == declaration
