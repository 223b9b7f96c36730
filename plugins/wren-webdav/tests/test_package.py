import importlib.metadata
import re
from pathlib import Path

from wren_core.testing import IntegrationContract
from wren_webdav import WebDAV
from wren_webdav.fake import FakeWebDAV

README = (Path(__file__).parents[1] / "README.md").read_text()


class TestWebDAV(IntegrationContract):
    integration = WebDAV
    config = {"url": "https://cloud.example/dav"}


def rows(heading):
    """Return the first cell of each row of the table below a heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)


def test_the_readme_lists_every_method_and_setting():
    methods = [f"{name}({', '.join(item.signature.parameters)})" for name, item in WebDAV.methods().items()]

    assert rows("Methods") == methods
    assert rows("Settings") == list(WebDAV.Config.model_fields)


def test_the_example_with_the_fake_runs():
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "serve(" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)
    next(value for name, value in names.items() if name.startswith("test_"))()


def test_the_fake_is_offered_with_the_integration():
    (fake,) = importlib.metadata.entry_points(group="wren.fakes", name="webdav")

    assert fake.load() is FakeWebDAV
    assert FakeWebDAV.name == WebDAV.spec.name


def test_effects_are_declared_correctly():
    methods = WebDAV.full_spec().methods
    by_effect = {effect: {m.id for m in methods if m.effect == effect} for effect in ("read", "write", "destructive")}

    assert by_effect["read"] == {"list_folder", "info", "search", "read", "download"}
    assert by_effect["write"] == {"write", "upload", "mkdir", "move", "copy"}
    assert by_effect["destructive"] == {"delete"}
    assert {m.id for m in methods if m.undo} == {"mkdir", "move", "copy"}


def test_a_person_is_asked_for_account_and_password_and_runs_reach_the_configured_server_only():
    spec = WebDAV.full_spec()

    assert spec.auth_type == "custom"
    assert spec.get_env_mapping() == {"username": "WEBDAV_USERNAME", "password": "WEBDAV_PASSWORD"}
    assert (spec.hosts, spec.config_hosts) == ((), ("{url}",))
