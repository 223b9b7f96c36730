import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wren_backend.executor import bytecode, sandboxes
from wren_backend.executor.bytecode import compile_imports, list_distributions, list_folders
from wren_backend.executor.launcher.main import import_paths
from wren_backend.executor.port import SandboxStatus
from wren_backend.executor.probe import probe
from wren_backend.executor.sandboxes import PlainSandbox, SandlockSandbox


def test_the_sandbox_of_this_machine_holds(sandbox: Any, tmp_path: Path):
    key = tmp_path / "master.key"
    key.write_text("secret")

    status = probe(sandbox, runs_root=tmp_path / "runs", protected=[key])

    assert (status.available, status.backend, status.reason) == (True, "sandlock", "")
    assert status.landlock_abi is not None
    assert status.landlock_abi >= 6


class _Claims(PlainSandbox):
    """Says that it is a sandbox, and is none."""

    isolation = "sandlock"

    def status(self) -> SandboxStatus:
        return SandboxStatus(available=True, backend="sandlock")


def test_a_sandbox_that_leaks_is_found_out(tmp_path: Path):
    key = tmp_path / "master.key"
    key.write_text("secret")

    status = probe(_Claims(), runs_root=tmp_path / "runs", protected=[key])

    assert not status.available
    for leak in (f"read {key}", "write outside its folder", "signal the worker", "connect to an undeclared host"):
        assert leak in status.reason
    assert list((tmp_path / "runs").iterdir()) == []


def test_no_sandbox_by_choice_is_reported_as_such(tmp_path: Path):
    status = probe(PlainSandbox(), runs_root=tmp_path)

    assert status == SandboxStatus(available=True, backend="none", reason="scripts run without isolation")


def test_a_data_folder_that_scripts_would_see_makes_the_sandbox_unavailable(tmp_path: Path):
    status = SandlockSandbox(protected=(tmp_path / "tree" / "wren.db",), readable=(tmp_path,)).status()

    assert not status.available
    assert str(tmp_path / "tree" / "wren.db") in status.reason


@pytest.mark.parametrize(
    ("abi", "reason"),
    [
        (None, "sandlock is not installed"),
        (5, "sandlock needs Landlock ABI 6 (Linux 6.12); this kernel has 5"),
        (-1, "this kernel has 0"),
    ],
)
def test_a_machine_without_the_requirements_is_reported_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, abi: int | None, reason: str
):
    monkeypatch.setattr(sandboxes, "_landlock_abi", lambda: abi)

    status = SandlockSandbox().status()

    assert not status.available
    assert reason in status.reason


def test_the_launcher_loads_nothing_of_the_backend_but_itself():
    module = "wren_backend.executor.launcher.main"
    code = f"import sys; sys.path[:0] = {import_paths()!r}; import {module}; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, capture_output=True, text=True).stdout

    ours = {name for name in loaded.split() if name.startswith("wren")}
    assert {name for name in ours if not name.startswith("wren_backend.executor.launcher")} == {
        *("wren_backend", "wren_backend.executor"),
    }
    assert not {"pydantic", "sqlalchemy", "cryptography", "structlog", "sandlock"} & set(loaded.split())


def test_everything_a_run_imports_is_compiled_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    names = list_distributions()
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("x = 1")
    monkeypatch.setattr(bytecode, "list_distributions", set)
    monkeypatch.setattr(bytecode, "list_editable_sources", lambda: [tmp_path])

    done = compile_imports()

    assert {"wren-sdk", "wren-core", "pydantic", "pydantic-core", "httpx2"} <= names
    assert "uvicorn" not in names
    assert any(folder.name == "pydantic" for folder in list_folders("pydantic"))
    assert list_folders("not-installed") == set()
    assert done
    assert [path.suffix for path in (tmp_path / "package" / "__pycache__").iterdir()] == [".pyc"]


def test_a_module_that_does_not_compile_is_no_failure_of_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "broken.py").write_text("def (")
    monkeypatch.setattr(bytecode, "list_distributions", set)
    monkeypatch.setattr(bytecode, "list_editable_sources", lambda: [tmp_path])

    assert not compile_imports()
    assert os.listdir(tmp_path) == ["broken.py"]
