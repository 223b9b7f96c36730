import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

from wren_core.testing import IntegrationContract
from wren_github import GitHub
from wren_github.fake import FakeGitHub

HOME = Path(__file__).parents[1]
README = (HOME / "README.md").read_text()


class TestGitHub(IntegrationContract):
    integration = GitHub


def rows(heading):
    """Return the first cell of each row of the table below a heading, without its backquotes."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [cell.strip("`") for cell in re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)]


def test_the_readme_has_every_method_with_its_parameters():
    signatures = [f"{name}({', '.join(method.signature.parameters)})" for name, method in GitHub.methods().items()]

    assert rows("Methods") == signatures


def test_the_readme_has_every_setting():
    assert rows("Settings") == list(GitHub.Config.model_fields)


def test_the_readme_has_an_example_that_runs():
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "serve(" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)
    names["test_the_crash_is_reported"]()


def test_the_distribution_offers_the_fake():
    (point,) = importlib.metadata.entry_points(group="wren.fakes", name="github")

    assert point.load() is FakeGitHub


def test_the_distribution_is_small():
    sources = [path for path in (HOME / "src/wren_github").glob("*.py") if not path.name.startswith("fake")]
    metadata = [line for line in (HOME / "pyproject.toml").read_text().splitlines() if line.strip()]

    assert sum(len(path.read_text().splitlines()) for path in sources) < 500
    assert len(metadata) <= 20
    assert tomllib.loads("\n".join(metadata))["project"]["dependencies"] == ["wren-core[http]>=0.1,<0.2"]


def test_a_connection_accepts_a_token():
    assert GitHub.spec.auth.accepts_token
    assert GitHub.spec.auth.scope_separator == ","


def test_effects_are_declared_correctly():
    methods = GitHub.full_spec().methods
    by_effect = {effect: {m.id for m in methods if m.effect == effect} for effect in ("read", "write", "destructive")}

    assert by_effect["destructive"] == {"delete_comment", "merge_pull_request"}
    assert {m.id for m in methods if m.undo} == by_effect["write"] - {"update_issue"}
    assert {m.id for m in methods if m.idempotent} - by_effect["read"] == {
        "update_issue",
        "close_issue",
        "reopen_issue",
    }


@pytest.mark.parametrize("method_id", list(GitHub.methods()))
def test_every_method_exports_as_a_strict_tool(method_id):
    from wren_core.export.tools import openai_tool

    assert openai_tool("github", GitHub.full_spec().method(method_id))["function"]["strict"] is True
