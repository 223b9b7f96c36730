import importlib.metadata
import re
from pathlib import Path

from wren_core.contract.hosts import configured_hosts
from wren_core.testing import IntegrationContract
from wren_imap import IMAP
from wren_imap.fake import FakeIMAP

README = (Path(__file__).parents[1] / "README.md").read_text()


class TestIMAP(IntegrationContract):
    integration = IMAP
    config = {"host": "mail.example"}


def rows(heading):
    """Return the first cell of each row of the table below a heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)


def test_the_readme_lists_every_method_and_setting():
    methods = [f"{name}({', '.join(item.signature.parameters)})" for name, item in IMAP.methods().items()]

    assert rows("Methods") == methods
    assert rows("Settings") == list(IMAP.Config.model_fields)


def test_the_example_with_the_fake_runs():
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "serve(" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)
    next(value for name, value in names.items() if name.startswith("test_"))()


def test_the_fake_is_offered_with_the_integration():
    (fake,) = importlib.metadata.entry_points(group="wren.fakes", name="imap")

    assert fake.load() is FakeIMAP
    assert FakeIMAP.name == IMAP.spec.name


def test_effects_are_declared_correctly():
    methods = IMAP.full_spec().methods
    by_effect = {effect: {m.id for m in methods if m.effect == effect} for effect in ("read", "write", "destructive")}

    assert by_effect["read"] == {"folders", "search", "get", "save_attachments"}
    assert by_effect["write"] == {"mark_read", "mark_unread", "move", "send", "reply"}
    assert by_effect["destructive"] == {"delete"}
    assert {m.id for m in methods if m.undo} == {"mark_read", "mark_unread"}


def test_the_spec_has_two_credentials_and_only_configured_hosts():
    spec = IMAP.full_spec()

    assert spec.auth_type == "custom"
    assert spec.get_env_mapping() == {"username": "IMAP_USERNAME", "password": "IMAP_PASSWORD"}
    assert (spec.hosts, spec.config_hosts) == ((), ("{host}:{port}", "{smtp_host}:{smtp_port}"))
    assert configured_hosts(spec, {"host": "a.example", "smtp_host": "b.example"}) == ("a.example:993", "b.example:465")
    assert configured_hosts(spec, {"host": "a.example"}) == ("a.example:993",)
