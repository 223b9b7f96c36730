"""`wren plugin dev`: a backend with one plugin and its fakes, restarted whenever a file of the plugin changes.

The fakes keep their data until a file whose name has `fake` in it changes, so that connections survive while methods
are edited. While the plugin cannot be loaded, the processes keep running as they are.
"""

import json
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from wren.authoring import dev_environment
from wren.authoring.author_tools import import_author_tool
from wren.authoring.child_process import ChildProcess
from wren.authoring.definitions import DefinitionUnreadable, LoadedDefinitions, load_definitions
from wren.authoring.fake_settings import ServedFake, make_settings
from wren.authoring.project import PluginProject, read_project
from wren_core.errors import AgentFixableError

BACKEND = "wren_backend"
_START_SECONDS = 30.0
_FIRST_KEY = re.compile(r"first API key, shown this once: (\S+)")
_SHOWN = 2000
_LOOK_AGAIN_MS = 1000
_SETTLE_SECONDS = 0.1


class BackendFailed(AgentFixableError):
    """The backend did not start; the message holds the end of its log."""

    code = "BACKEND_FAILED"


@dataclass(frozen=True, kw_only=True)
class DevState:
    """What runs after a start, and what failed."""

    project: PluginProject
    url: str
    key: str = field(repr=False)
    described: LoadedDefinitions
    fakes: Mapping[str, ServedFake]
    log: Path


class DevServer:
    """The processes; use it as a context manager.

    Args:
        folder: the plugin.
        port: where the backend listens.
        workspace: an empty folder for all data; the caller deletes it.
    """

    def __init__(self, folder: Path, *, port: int, workspace: Path) -> None:
        self.project = read_project(folder)
        self._port, self._workspace = port, workspace
        self._python = dev_environment.make_environment(workspace / "env", self.project)
        self._ports = {name: _find_free_port() for name in self.project.fakes}
        self._fakes: dict[str, ServedFake] = {}
        self._fake_process: ChildProcess | None = None
        self._are_fakes_stale = True
        self._backend: ChildProcess | None = None
        self._key = ""

    def __enter__(self) -> "DevServer":
        return self

    def __exit__(self, *_exc: object) -> None:
        for child in (self._backend, self._fake_process):
            if child is not None:
                child.stop()

    @property
    def url(self) -> str:
        """Where the backend listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        """The log file of the backend and the fakes."""
        return self._workspace / "dev.log"

    def start(self, *, with_fakes: bool = True) -> DevState:
        """Start or restart the backend and, with `with_fakes`, the fakes; not while the plugin fails to load.

        Raises:
            BackendFailed: it did not start.
            ProjectInvalid: the metadata cannot be read.
        """
        self.project = read_project(self.project.folder)
        dev_environment.install_project(self._workspace / "env", self.project)
        described = _try_loading(self.project)
        self._are_fakes_stale |= with_fakes or self._fake_process is None or self._fake_process.has_ended
        if not described.failed or self._backend is None or self._backend.has_ended:
            if self._are_fakes_stale:
                self._serve_fakes()
            self._serve_backend(make_settings(self._fakes, described.definitions))
        return DevState(
            project=self.project,
            url=self.url,
            key=self._key,
            described=described,
            fakes=dict(self._fakes),
            log=self.log,
        )

    def changes(self) -> Iterator[list[Path]]:
        """Yield the files that changed, each time some did."""
        seen = _take_snapshot(self.project)
        watch = import_author_tool("watchfiles").watch
        while True:
            now = _wait_until_unchanged(self.project)
            if changed := sorted(path for path in seen.keys() | now.keys() if seen.get(path) != now.get(path)):
                seen = now
                yield changed
                continue  # files may have changed again while the caller handled these
            paths = [path for path in (self.project.source, self.project.folder / "pyproject.toml") if path.exists()]
            next(watch(*paths, rust_timeout=_LOOK_AGAIN_MS, yield_on_timeout=True))

    def _serve_fakes(self) -> None:
        if self._fake_process is not None:
            self._fake_process.stop()
        self._ports = {name: self._ports.get(name) or _find_free_port() for name in self.project.fakes}
        self._fake_process = ChildProcess(
            self._python, ["wren.authoring.fake_server"], variables=_child_variables(), log=self.log, is_read=True
        )
        request = json.dumps({"fakes": dict(self.project.fakes), "ports": self._ports})
        answer = self._fake_process.ask(request, seconds=_START_SECONDS)
        described = json.loads(answer) if answer else {}
        # A fake that failed keeps its address: the integration must not reach the real provider instead.
        self._fakes = {name: _parse_fake(port, described.get(name)) for name, port in self._ports.items()}
        self._are_fakes_stale = False

    def _serve_backend(self, settings: Mapping[str, str]) -> None:
        if self._backend is not None:
            self._backend.stop()
        data = ["--data-dir", str(self._workspace / "data"), "--port", str(self._port)]
        variables = {**_child_variables(), **settings, "PYTHONUNBUFFERED": "1"}
        self._backend = ChildProcess(self._python, [BACKEND, "up", *data], variables=variables, log=self.log)
        deadline = time.monotonic() + _START_SECONDS
        while not _is_healthy(self.url):
            if self._backend.has_ended or time.monotonic() > deadline:
                raise BackendFailed(f"the backend did not start:\n{self._read_log_end()}")
            time.sleep(0.05)
        if not self._key:
            shown = _FIRST_KEY.search(self.log.read_text(errors="replace"))
            self._key = shown[1] if shown else ""

    def _read_log_end(self) -> str:
        return self.log.read_text(errors="replace")[-_SHOWN:].strip()


def touches_fakes(changed: list[Path]) -> bool:
    """Tell whether the fakes must restart: one of their files changed, or the metadata."""
    return any("fake" in path.name or path.name == "pyproject.toml" for path in changed)


def _take_snapshot(project: PluginProject) -> dict[Path, tuple[int, int]]:
    files = [*project.source.rglob("*"), project.folder / "pyproject.toml"]
    stats = {path: path.stat() for path in files if "__pycache__" not in path.parts and path.is_file()}
    return {path: (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}


def _wait_until_unchanged(project: PluginProject) -> dict[Path, tuple[int, int]]:
    """Return a snapshot once nothing changes: an editor may be writing several files."""
    before = _take_snapshot(project)
    while True:
        time.sleep(_SETTLE_SECONDS)
        after = _take_snapshot(project)
        if after == before:
            return after
        before = after


def _try_loading(project: PluginProject) -> LoadedDefinitions:
    try:
        return load_definitions(project.source, project.integrations)
    except DefinitionUnreadable as exc:
        return LoadedDefinitions(failed=dict.fromkeys(project.integrations, exc.message))


def _parse_fake(port: int, answer: Mapping[str, Any] | None) -> ServedFake:
    if answer is None or "failed" in answer:
        reason = "it ended at once; the log says why" if answer is None else answer["failed"]
        return ServedFake(url=f"http://127.0.0.1:{port}", failed=reason)
    return ServedFake(**answer)


def _child_variables() -> dict[str, str]:
    """Return this process's environment without the settings of another server."""
    kept = ("WREN_SANDBOX", "WREN_PLUGINS_")
    return {name: value for name, value in os.environ.items() if not name.startswith("WREN_") or name.startswith(kept)}


def _is_healthy(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def _find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
