import re
from pathlib import Path

import pytest

from wren_messaging import Messaging

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_methods_table_has_every_method_with_its_parameters_and_effect():
    section = README.split("\n## Methods\n")[1].split("\n## ")[0]
    shown = re.findall(r"^\| `([^`]+)` \| (\w+) \|", section, re.MULTILINE)
    signatures = [
        (f"{method_id}({', '.join(method.signature.parameters)})", method.spec.effect)
        for method_id, method in Messaging.methods().items()
    ]

    assert shown == signatures


@pytest.mark.parametrize("block", BLOCKS)
def test_every_python_example_compiles(block):
    compile(block, "README.md", "exec")


def test_the_example_test_passes():
    (block,) = [block for block in BLOCKS if "def test_" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)
    names["test_the_overdue_invoices_are_reported"]()


def test_the_fields_in_the_example_exist():
    fields = set(re.findall(r"message\.(\w+)", BLOCKS[0]))

    assert fields <= set(Messaging.full_spec().method("inbox").output_schema["$defs"]["InboxMessage"]["properties"])
