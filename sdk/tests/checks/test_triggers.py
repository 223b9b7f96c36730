import pytest

from wren.checks.finding import Code
from wren.checks.scopes import list_places
from wren.checks.source import parse_script
from wren.checks.triggers import check_declared, check_triggers


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


@pytest.mark.parametrize("arguments", ["a, b", "a, *, b", "*, b"])
def test_a_triggered_function_that_needs_more_than_the_event_is_refused(arguments):
    [finding] = check(f'import wren\n@wren.on_email(subject="x")\ndef daily({arguments}): ...\n')

    assert finding.code == Code.FUNCTION_SIGNATURE


@pytest.mark.parametrize("arguments", ["", "event", "event, verbose=False", "*args, **more", "event=None, *, n=1"])
def test_a_triggered_function_may_take_the_event_and_defaults(arguments):
    assert check(f'import wren\n@wren.on_schedule("@daily")\ndef daily({arguments}): ...\n') == []


def test_a_script_that_nothing_starts_is_a_warning():
    source = parse_script(b"x = 1\n", "daily.py")

    [finding] = check_declared(source, {"triggers": []})

    assert (finding.code, finding.severity) == (Code.TRIGGER_MISSING, "warning")
    assert list(check_declared(source, {"triggers": [{}]})) == []


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
