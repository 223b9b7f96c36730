"""`wren plugin check` for the integrations of this repository, and its documentation."""

import json
import re
import subprocess
import sys

import pytest

from workspace import INTEGRATIONS, ROOT, shown
from wren_core.testing.rules.registry import RULES

PAGE = (ROOT / "docs" / "how-to" / "plugin-quality.md").read_text()


def test_the_page_lists_the_rules_of_the_code():
    rows = [f"| `{rule.id}` | {rule.tier.label} | {rule.title} | {rule.why} |" for rule in RULES]

    (table,) = re.findall(r"^<!-- rules:[^\n]*-->\n(.*?)\n<!-- end of rules -->", PAGE, re.MULTILINE | re.DOTALL)

    assert table.splitlines()[2:] == rows


@pytest.mark.parametrize("member", INTEGRATIONS, ids=shown)
def test_every_integration_of_the_tree_inherits_the_suite_up_to_gold(member):
    texts = [path.read_text() for path in (member / "tests").glob("test_*.py")]
    suites = [text for text in texts if "(IntegrationContract)" in text]

    assert len(suites) == 1
    assert not re.search(r"^    tier\b", suites[0], re.MULTILINE)


def test_the_command_line_checks_a_folder():
    command = [sys.executable, "-m", "wren", "plugin", "check", str(ROOT / "wren-cron"), "--tier", "gold", "--json"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (0, True)
    assert [report["distribution"] for report in answer["integrations"]] == ["wren-cron"]
