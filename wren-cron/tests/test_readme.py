import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wren_core.schedule import ALIASES, CronSchedule
from wren_cron import Cron

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
BERLIN = ZoneInfo("Europe/Berlin")


def section(heading):
    return README.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(heading):
    return [line.strip("| ").split(" | ") for line in section(heading).splitlines() if line.startswith("| `")]


def fires_on(expression, day):
    """List the local times of one day in Berlin at which a schedule fires."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=BERLIN).astimezone(UTC)
    instants = CronSchedule.parse(expression, "Europe/Berlin").upcoming(midnight - timedelta(seconds=1), 200)
    local = [instant.astimezone(BERLIN) for instant in instants]
    return [f"{moment:%H:%M}" for moment in local if moment.date().isoformat() == day]


def test_the_methods_table_has_every_method_with_its_parameters_and_effect():
    signatures = [
        (f"`{method_id}({', '.join(method.signature.parameters)})`", method.spec.effect)
        for method_id, method in Cron.methods().items()
    ]

    assert [(cells[0], cells[1]) for cells in rows("Methods")] == signatures


def test_the_aliases_are_those_that_work():
    shown = dict(re.findall(r"^\| `(@\w+)` \| `([^`]+)` \|$", README, re.MULTILINE))

    assert shown == ALIASES


@pytest.mark.parametrize("alias", ALIASES)
def test_the_docstring_for_agents_lists_every_alias(alias):
    assert alias in Cron.full_spec().description


@pytest.mark.parametrize("part", re.findall(r"`([^`]+)`", section("Syntax").split("| alias")[0]))
def test_every_documented_syntax_is_valid_in_some_field(part):
    expressions = [" ".join(part if index == field else "*" for index in range(5)) for field in range(5)]

    assert any(Cron.create().validate(expression).valid for expression in expressions)


def test_the_table_about_clock_changes_is_correct():
    spring, autumn = "2025-03-30", "2025-10-26"

    assert fires_on("30 2 * * *", spring) == ["03:00"]
    assert fires_on("30 2 * * *", autumn) == ["02:30"]
    assert len(fires_on("*/15 * * * *", spring)) == 23 * 4
    assert len(fires_on("*/15 * * * *", autumn)) == 25 * 4
    assert len(fires_on("0 * * * *", spring)) == 23
    assert len(fires_on("0 * * * *", autumn)) == 25


@pytest.mark.parametrize("block", BLOCKS)
def test_every_python_example_compiles(block):
    compile(block, "README.md", "exec")


def test_the_first_example_prints_the_documented_output(capsys):
    lines = [line for line in BLOCKS[0].splitlines() if line.startswith("print")]
    names = {"cron": Cron.create()}

    for line in lines:
        exec(line, names)

    printed = capsys.readouterr().out.splitlines()
    assert [printed[0], printed[2]] == [lines[0].split("# ")[1], lines[2].split("# ")[1]]


def test_the_example_test_passes():
    (block,) = [block for block in BLOCKS if "def test_" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)
    names["test_the_report_skips_the_weekend"]()
