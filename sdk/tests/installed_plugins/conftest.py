"""A site-packages folder of the test's own, which this process and its children see."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

WORD = '''
from wren_core import Integration, IntegrationSpec, method

class Word(Integration):
    """Answer with a word."""

    spec = IntegrationSpec(name="{name}", display_name="Word"{spec})

    @method
    def answer(self) -> str:
        """Answer."""
        return "yes"
'''

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a distribution with one plugin, or with none."""
    site = tmp_path / "site"
    site.mkdir()
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep if os.environ.get("PYTHONPATH") else None)

    def install(
        distribution: str,
        *,
        name: str | None = None,
        first: str = "",
        spec: str = "",
        version: str = "1.0",
        requires: Sequence[str] = (),
        fake: bool = False,
        editable: bool = False,
    ) -> Path:
        module = distribution.replace("-", "_")
        info = site / f"{module}-{version}.dist-info"
        info.mkdir()
        lines = [f"Name: {distribution}", f"Version: {version}", *(f"Requires-Dist: {item}" for item in requires)]
        (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *lines, ""]))
        offers = [f"[wren.integrations]\n{name} = {module}:Word\n"] if name else []
        offers += [f"[wren.fakes]\n{name} = {module}:Word\n"] if fake else []
        (info / "entry_points.txt").write_text("".join(offers))
        if editable:
            (info / "direct_url.json").write_text(json.dumps({"url": "file:///x", "dir_info": {"editable": True}}))
        (site / f"{module}.py").write_text(f"{first}\n{WORD.format(name=name or 'unnamed', spec=spec)}")
        return site / f"{module}.py"

    yield install
    for module in set(sys.modules) - before:
        if str(getattr(sys.modules[module], "__file__", "")).startswith(str(site)):
            del sys.modules[module]


@pytest.fixture
def as_person(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a command that sees the installed plugins and has its own folder."""
    return {"PYTHONPATH": str(tmp_path / "site"), "WREN_PLUGINS_FOLDER": str(tmp_path / "switched")}
