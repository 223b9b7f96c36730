"""An environment in which a folder counts as installed."""

import json
import subprocess
from pathlib import Path

from wren.authoring.dev_environment import install_project, make_environment
from wren.authoring.project import PluginProject

LOOK = """
import json, sys
from importlib.metadata import distribution
from wren_core.plugins.discovery import discover
import httpx2
found = discover({"post"})
print(json.dumps([distribution("wren-post").version, [p.name for p in found.loaded], [p.reason for p in found.failed]]))
"""
SOURCE = """
from wren_core import Integration, IntegrationSpec

class Post(Integration):
    '''Letters.'''
    spec = IntegrationSpec(name="post", display_name="Post")
"""


def project(folder, version):
    return PluginProject(
        folder=folder,
        name="wren-post",
        version=version,
        requirements=("wren-core>=0.1",),
        integrations={"post": "wren_post:Post"},
        fakes={},
        headers={"Summary": "Letters"},
    )


def test_an_isolated_interpreter_sees_the_plugin_and_what_lies_below(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "wren_post.py").write_text(SOURCE)

    python = make_environment(tmp_path / "env", project(tmp_path, "1.0.0"))
    install_project(tmp_path / "env", project(tmp_path, "1.1.0"))
    seen = subprocess.run([python, "-I", "-c", LOOK], capture_output=True, text=True, check=True).stdout

    assert json.loads(seen) == ["1.1.0", ["post"], []]
    assert len(list((tmp_path / "env").rglob("*.dist-info"))) == 1
    assert Path(python).is_relative_to(tmp_path)
