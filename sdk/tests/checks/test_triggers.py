import pytest

from wren.checks.declared import check_declared
from wren.checks.finding import Code
from wren.checks.scopes import list_places
from wren.checks.source import parse_script
from wren.checks.triggers import check_triggers


def check(text: str):
    source = parse_script(text.encode(), "daily.py")
    return list(check_triggers(source, list_places(source.tree)))


def test_a_bad_cron_names_field_value_and_an_example():
    [finding] = check('import wren\n@wren.on_schedule("61 * * * *")\ndef daily(): ...\n')

    assert (finding.code, finding.line, finding.column) == (Code.CRON_INVALID, 2, 19)
    assert finding.message == "minute '61' is not valid: expected 0-59; for example */15"


def test_every_bad_cron_is_found_where_an_import_stops_at_the_first():
    text = 'import wren\n@wren.on_schedule("x")\ndef a(): ...\n@wren.on_schedule(cron="0 25 * * *")\ndef b(): ...\n'

    assert [finding.line for finding in check(text)] == [2, 4]


@pytest.mark.parametrize("call", ['("@daily", "Mars/Phobos")', '("@daily", timezone="Mars/Phobos")'])
def test_a_bad_time_zone_is_pointed_at(call):
    [finding] = check(f"import wren\n@wren.on_schedule{call}\ndef daily(): ...\n")

    assert finding.code == Code.CRON_INVALID
    assert "Mars/Phobos" in finding.message
    assert finding.column > 20


@pytest.mark.parametrize(
    "head",
    [
        "import wren as w\n@w.on_schedule",
        "from wren import on_schedule\n@on_schedule",
        "from wren import on_schedule as at\n@at",
    ],
)
def test_the_decorator_is_known_by_any_name(head):
    [finding] = check(f'{head}("* * *")\ndef daily(): ...\n')

    assert "five fields, not 3" in finding.message


@pytest.mark.parametrize("cron", ["times[0]", "f'{minute} 9 * * *'", "CRON"])
def test_what_only_the_run_knows_is_left_to_it(cron):
    assert check(f"import wren\n@wren.on_schedule({cron})\ndef daily(): ...\n") == []


def test_a_cron_that_is_not_text_is_found():
    [finding] = check("import wren\n@wren.on_schedule(9)\ndef daily(): ...\n")

    assert finding.code == Code.CRON_INVALID


@pytest.mark.parametrize("outer", ["def outer():", "class Outer:"])
def test_a_trigger_inside_a_function_or_class_is_never_seen(outer):
    [finding] = check(f'import wren\n{outer}\n    @wren.on_schedule("@daily")\n    def daily(): ...\n')

    assert (finding.code, finding.line) == (Code.TRIGGER_INVALID, 4)


@pytest.mark.parametrize("arguments", ["a, b", "a, *, b", "*, b", "event, b"])
def test_a_triggered_function_that_needs_more_than_the_event_is_refused(arguments):
    [finding] = check(f'import wren\n@wren.on_email(subject="x")\ndef daily({arguments}): ...\n')

    assert finding.code == Code.FUNCTION_SIGNATURE


@pytest.mark.parametrize(
    "arguments", ["", "event", "event, verbose=False", "*args, **more", "event=None, *, n=1", "days=7", "*, event"]
)
def test_a_triggered_function_may_take_the_event_and_defaults(arguments):
    assert check(f'import wren\n@wren.on_schedule("@daily")\ndef daily({arguments}): ...\n') == []


def test_a_script_that_nothing_starts_is_a_warning():
    source = parse_script(b"x = 1\n", "daily.py")

    [finding] = check_declared(source, {"triggers": []})

    assert (finding.code, finding.severity) == (Code.TRIGGER_MISSING, "warning")
    assert list(check_declared(source, {"triggers": [{"func": "x"}]})) == []


@pytest.mark.parametrize("decorator", ["wren.on_schedule", "wren.on_email"])
def test_a_decorator_without_arguments_is_found_with_an_example(decorator):
    [finding] = check(f"import wren\n@{decorator}\ndef daily(): ...\n")

    assert (finding.code, finding.line, finding.column) == (Code.TRIGGER_INVALID, 2, 2)
    assert finding.hint.startswith(f"write `@{decorator}(")


@pytest.mark.parametrize("misfire", ['misfire="never"', "misfire=None"])
def test_a_misfire_other_than_the_three_is_pointed_at(misfire):
    [finding] = check(f'import wren\n@wren.on_schedule("@daily", {misfire})\ndef daily(): ...\n')

    assert (finding.code, finding.line, finding.column) == (Code.TRIGGER_INVALID, 2, 37)
    assert "expected one of latest, skip, all" in finding.message


@pytest.mark.parametrize("misfire", ["skip", "latest", "all"])
def test_a_misfire_that_is_one_of_the_three_is_fine(misfire):
    assert check(f'import wren\n@wren.on_schedule("@daily", "UTC", "{misfire}")\ndef daily(): ...\n') == []


@pytest.mark.parametrize(
    ("decorator", "code", "hint"),
    [
        ('on_schedule("@daily", tz="Europe/Oslo")', "ARGUMENT_UNKNOWN", "did you mean 'timezone'?"),
        ('on_schedule("@daily", time_zone="UTC")', "ARGUMENT_UNKNOWN", "did you mean 'timezone'?"),
        ('on_schedule(corn="@daily", cron="@daily")', "ARGUMENT_UNKNOWN", "did you mean 'cron'?"),
        ('on_schedule("@daily", every=5)', "ARGUMENT_UNKNOWN", "it takes cron, timezone, misfire"),
        ('on_email(sender="a@b.example")', "ARGUMENT_UNKNOWN", "it takes from_, to, subject, body"),
        ('on_email(subj="x")', "ARGUMENT_UNKNOWN", "did you mean 'subject'?"),
        ('on_schedule("@daily", "UTC", "latest", 4)', "ARGUMENT_UNKNOWN", None),
        ("on_schedule()", "ARGUMENT_MISSING", 'for example wren.on_schedule("0 9 * * *")'),
    ],
)
def test_an_argument_that_a_decorator_does_not_take_is_answered_with_the_one_that_was_meant(decorator, code, hint):
    [finding] = check(f"import wren\n@wren.{decorator}\ndef daily(): ...\n")

    assert (finding.code, finding.line, finding.hint) == (code, 2, hint)


@pytest.mark.parametrize("cron", ["*/90 * * * *", "0 */45 * * *", "*/0 * * * *", "30-10 * * * *", "0 0 31 2 *"])
def test_times_that_are_not_what_they_seem_are_refused(cron):
    [finding] = check(f'import wren\n@wren.on_schedule("{cron}")\ndef daily(): ...\n')

    assert (finding.code, finding.line) == (Code.CRON_INVALID, 2)


def test_a_parameter_with_a_default_is_not_the_event():
    [finding] = check('import wren\n@wren.on_schedule("@daily")\ndef daily(t=None):\n    print(t.scheduled_for)\n')

    assert (finding.code, finding.line, finding.hint) == (Code.EVENT_NOT_GIVEN, 4, "call the parameter `event`")


def declared(text: str, *names: str):
    source = parse_script(text.encode(), "daily.py")
    kept = [{"func": name, "type": "schedule", "config": {}} for name in names]
    return list(check_declared(source, {"triggers": kept}))


SCHEDULED = 'import wren\n@wren.on_schedule("@daily")\ndef daily(): ...\n'


@pytest.mark.parametrize(
    "later",
    [
        '@wren.on_schedule("@hourly")\ndef daily(): ...\n',
        "def daily(): ...\n",
        "daily = 5\n",
        "class daily: ...\n",
        "from os import path as daily\n",
        "for daily in []: ...\n",
        "del daily\n",
    ],
)
def test_a_trigger_whose_name_is_given_away_is_lost(later):
    [finding] = declared(SCHEDULED + later, *(["daily"] if "on_schedule" in later else []))

    assert (finding.code, finding.line, finding.severity) == (Code.TRIGGER_LOST, 3, "error")
    assert "line 4" in finding.message or "line 5" in finding.message


def test_a_decorator_above_a_trigger_that_hides_it_is_found():
    text = "import wren\ndef retry(f): return lambda: f()\n@retry\n@wren.on_schedule('@daily')\ndef daily(): ...\n"
    [finding] = declared(text)

    assert (finding.code, finding.line) == (Code.TRIGGER_LOST, 5)
    assert "put @wren.on_schedule at the top" in finding.hint


@pytest.mark.parametrize("text", [SCHEDULED, SCHEDULED + "daily = retry(daily)\n", SCHEDULED + "hourly = daily\n"])
def test_a_trigger_that_was_kept_is_no_finding(text):
    assert declared(text, "daily") == []
