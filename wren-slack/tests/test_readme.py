import re
import tomllib
from pathlib import Path

import pytest

from wren_slack import Slack

HOME = Path(__file__).parents[1]
README = (HOME / "README.md").read_text()


def rows(heading):
    """Return the first cell of each row of the table below a heading, without its backquotes."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [cell.strip("`") for cell in re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)]


def test_the_methods_table_has_every_method_with_its_parameters():
    signatures = [
        f"{method_id}({', '.join(method.signature.parameters)})" for method_id, method in Slack.methods().items()
    ]

    assert rows("Methods") == signatures


def test_the_scopes_table_has_every_scope():
    assert set(rows("Connect")) == set(Slack.spec.required_scopes)


def test_the_settings_table_has_every_setting():
    assert rows("Settings") == list(Slack.Config.model_fields)


def test_the_file_map_has_every_module():
    modules = {path.name for path in (HOME / "src" / "wren_slack").glob("*.py")}

    assert modules == set(re.findall(r"^  (\w+\.py) ", README, re.MULTILINE))


def test_the_metadata_in_the_readme_match_pyproject():
    (shown,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)

    assert tomllib.loads(shown) == tomllib.loads((HOME / "pyproject.toml").read_text())


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_every_python_example_compiles(block):
    compile(block, "README.md", "exec")


def test_the_example_with_the_fake_runs():
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "serve(" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)
    names["test_the_report_is_posted"]()
