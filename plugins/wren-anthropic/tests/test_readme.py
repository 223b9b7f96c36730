import re
from pathlib import Path

import pytest

from wren_anthropic import Anthropic

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def rows(heading):
    """Return the rows of the table below a heading, as lists of cells."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| `.*$", section, re.MULTILINE)
    ]


def test_the_models_table_has_every_model_with_its_limits_and_prices():
    shown = [
        (
            f"`{model.id}`{' (default)' if model.id == Anthropic.spec.ai.default_model else ''}",
            f"{model.context_window:,}",
            f"{model.max_tokens:,}",
            round(model.cost_per_token.input * 10**6, 6),
            round(model.cost_per_token.output * 10**6, 6),
        )
        for model in Anthropic.spec.ai.available_models
    ]

    assert [
        (name, window, writes, float(read), float(write)) for name, window, writes, read, write in rows("Models")
    ] == shown


def test_the_settings_table_has_every_setting():
    assert [row[0].strip("`") for row in rows("Settings")] == list(Anthropic.Config.model_fields)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_python_example_compiles(block):
    compile(block, "README.md", "exec")


def test_the_example_with_the_fake_runs():
    (block,) = [block for block in BLOCKS if "serve(" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)
    names["test_the_capital_is_found"]()
