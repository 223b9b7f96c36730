from datetime import UTC, datetime, timedelta

import pytest

from wren_backend.triggers.declaration import TriggerDeclaration, TriggerUnsupported

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CRON = {"cron": "0 9 * * *"}


def test_a_declaration_has_the_configuration_of_its_kind_in_one_form():
    short = TriggerDeclaration.of("schedule", "daily", CRON)
    long = TriggerDeclaration.of("schedule", "daily", {**CRON, "timezone": "UTC", "misfire": "latest", "x": 1})

    assert short == long
    assert short.identity == long.identity


@pytest.mark.parametrize(
    "other",
    [
        TriggerDeclaration.of("manual", "daily", {}),
        TriggerDeclaration.of("schedule", "weekly", CRON),
        TriggerDeclaration.of("schedule", "daily", {"cron": "0 8 * * *"}),
    ],
)
def test_another_type_function_or_configuration_is_another_trigger(other):
    assert other.identity != TriggerDeclaration.of("schedule", "daily", CRON).identity


def test_a_type_that_cannot_fire_keeps_its_configuration_and_is_refused_by_name():
    declaration = TriggerDeclaration.of("email", "on_mail", {"box": "in"})

    assert (declaration.config, declaration.first_due(NOW)) == ({"box": "in"}, None)
    with pytest.raises(TriggerUnsupported, match=r"on_mail has a trigger of type 'email'.*cannot fire yet") as caught:
        declaration.check(now=NOW, min_interval=MINUTE)
    assert caught.value.details == {"func": "on_mail", "trigger": "email", "supported": ["manual", "schedule"]}


def test_a_manual_trigger_is_accepted_and_never_due():
    declaration = TriggerDeclaration.of("manual", "daily", {"any": 1})

    declaration.check(now=NOW, min_interval=MINUTE)
    assert declaration.first_due(NOW) is None
