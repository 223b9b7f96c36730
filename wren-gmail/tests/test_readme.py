import re
from pathlib import Path

import pytest

from wren_gmail import Gmail

HOME = Path(__file__).parents[1]
README = (HOME / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def rows(heading):
    """Return the cells of each row of the table below a heading, without backquotes."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\| (`.*) \|$", section, re.MULTILINE)
    return [[cell.strip().strip("`") for cell in line.split(" | ")] for line in lines]


def test_the_methods_table_has_every_method_with_its_parameters_and_effect():
    shown = {
        f"{method_id}({', '.join(method.signature.parameters)})": [
            method.spec.effect,
            *(["idempotent"] if method.spec.idempotent and method.spec.effect != "read" else []),
            *(["undo"] if method.spec.undo else []),
        ]
        for method_id, method in Gmail.methods().items()
    }

    assert {row[0]: row[1].split(", ") for row in rows("Methods")} == shown


def test_the_scopes_table_has_every_scope():
    assert {f"https://www.googleapis.com/auth/{row[0]}" for row in rows("Connect")} == set(Gmail.spec.required_scopes)


def test_the_settings_table_has_every_setting():
    assert [row[0] for row in rows("Settings")] == list(Gmail.Config.model_fields)


def test_the_file_map_has_every_module():
    modules = {path.name for path in (HOME / "src" / "wren_gmail").glob("*.py")}

    assert modules == set(re.findall(r"^    (\w+\.py) ", README, re.MULTILINE))


def test_the_overrides_name_the_provider_and_the_integration():
    names = re.findall(r"WREN_[A-Z_]+", README)

    assert {name.split("__")[1] for name in names} == {Gmail.spec.auth.provider.upper(), Gmail.spec.name.upper()}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_python_example_compiles(block):
    assert compile(block, "README.md", "exec")


def test_the_script_and_the_attachments_run_as_written(gmail, fake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.pdf").write_bytes(b"%PDF")
    mail = gmail.search("has:attachment")[0]
    script = BLOCKS[0].replace("import wren\n", "").replace("gmail = wren.integrations.gmail.init()\n", "")

    for block in (script, BLOCKS[1]):
        exec(compile(block, "README.md", "exec"), {"gmail": gmail, "mail": mail})

    assert gmail.inbox(unread=True) == []
    assert fake.sent[0].attachments == {"report.pdf": b"%PDF", "totals.csv": b"a,b\n1,2\n"}
    assert (tmp_path / "invoices" / "invoice-2041.pdf").exists()


def test_the_example_with_the_fake_runs():
    (block,) = [block for block in BLOCKS if "serve(" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)

    names["test_the_report_is_sent"]()
