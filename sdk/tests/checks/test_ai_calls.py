import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wren.checks.ai_calls import check_ai_calls
from wren.checks.finding import Code
from wren.checks.scopes import list_places
from wren.checks.source import Source, parse_script
from wren.runner.script_report import check_script
from wren.script.catalogue import installed
from wren_core.protocol.findings import ScriptFinding

SITE = Path(__file__).parents[1]


@pytest.fixture
def birds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install `parrot`, which has models, and `parcel`, which has none."""
    for folder in ("ai_site", "site"):
        monkeypatch.syspath_prepend(str(SITE / folder))
    installed.cache_clear()
    yield
    installed.cache_clear()
    for name in ("wren_parrot", "wren_parcel", "wren_broken"):
        sys.modules.pop(name, None)


def findings(call: str) -> list[ScriptFinding]:
    """Check one call without importing the script it is in."""
    source = parse_script((HEAD + call).encode(), "daily.py")
    assert isinstance(source, Source)
    return list(check_ai_calls(source, installed(), list_places(source.tree)))


HEAD = "import wren\n\n@wren.on_schedule('0 9 * * *')\ndef daily():\n    "


@pytest.mark.parametrize(
    ("call", "code", "hint"),
    [
        ("wren.ai()", Code.ARGUMENT_MISSING, "wren.ai("),
        ("wren.ai('hi', modle='m')", Code.ARGUMENT_UNKNOWN, "did you mean 'model'?"),
        ("wren.ai('hi', integration='parot')", Code.INTEGRATION_UNKNOWN, None),
        ("wren.ai('hi', integration='parcel')", Code.ARGUMENT_INVALID, "type ai"),
        ("wren.ai('hi', integration='broken')", Code.PLUGIN_FAILED, "repair"),
    ],
)
def test_a_call_that_cannot_work_is_found_before_it_runs(birds: None, call: str, code: Code, hint: str | None):
    (finding,) = findings(call)

    assert (finding.code, finding.line) == (code, 5)
    assert (hint is None) or hint in (finding.hint or "")


@pytest.mark.parametrize(
    "call",
    [
        "return wren.ai('hi')",
        "return wren.ai('hi', 1, {}, model='m', integration='parrot', schema=int, system='s', max_tokens=3)",
        "return wren.ai(**{'prompt': 'hi'})",
        "return wren.ai(prompt='hi')",
    ],
)
def test_a_call_that_can_work_is_fine(birds: None, call: str):
    assert findings(call) == []


def test_the_report_of_a_script_says_both_what_is_wrong_and_that_models_are_used(
    birds: None, write: Callable[..., Path]
):
    report = check_script(write(HEAD + "return wren.ai('hi', modle='m')"))

    assert [finding.code for finding in report.errors] == [Code.ARGUMENT_UNKNOWN]
    assert report.metadata is not None
    assert report.metadata["uses_ai"] is True
