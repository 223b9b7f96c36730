"""`wren plugin dev`: a backend with one plugin and its fakes, started anew whenever a file of the plugin changes.

The fakes keep what they were told until a file whose name has `fake` in it changes: what was connected stays connected
while methods are edited. While the plugin cannot be loaded, everything stays up as it was.
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
from wren.authoring.author_tools import author_tool
from wren.authoring.child_process import Child
from wren.authoring.definitions import DefinitionUnreadable, Described, describe
from wren.authoring.fake_settings import StandIn, settings_for
from wren.authoring.project import Project, read_project
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
class State:
    """What stands after a start, or what is in its way."""

    project: Project
    url: str
    key: str = field(repr=False)
    described: Described
    stand_ins: Mapping[str, StandIn]
    log: Path


class Development:
    """Holds the processes; use it as a context manager.

    Args:
        folder: the plugin.
        port: where the backend listens.
        workspace: an empty folder for everything that is gone afterwards.
    """

    def __init__(self, folder: Path, *, port: int, workspace: Path) -> None:
        self.project = read_project(folder)
        self._port, self._workspace = port, workspace
        self._python = dev_environment.make_overlay(workspace / "env", self.project)
        self._ports = {name: _free_port() for name in self.project.fakes}
        self._stand_ins: dict[str, StandIn] = {}
        self._fakes: Child | None = None
        self._are_fakes_stale = True
        self._backend: Child | None = None
        self._key = ""

    def __enter__(self) -> "Development":
        return self

    def __exit__(self, *_exc: object) -> None:
        for child in (self._backend, self._fakes):
            if child is not None:
                child.stop()

    @property
    def url(self) -> str:
        """Where the backend listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def log(self) -> Path:
        """What the backend and the fakes write."""
        return self._workspace / "dev.log"

    def start(self, *, with_fakes: bool = True) -> State:
        """Start everything, or everything but the fakes, anew; what runs stays while the plugin does not load.

        Raises:
            BackendFailed: it did not start.
            ProjectInvalid: the metadata cannot be read any more.
        """
        self.project = read_project(self.project.folder)
        dev_environment.install(self._workspace / "env", self.project)
        described = _described(self.project)
        self._are_fakes_stale |= with_fakes or self._fakes is None or self._fakes.has_ended
        if not described.failed or self._backend is None or self._backend.has_ended:
            if self._are_fakes_stale:
                self._serve_fakes()
            self._serve_backend(settings_for(self._stand_ins, described.definitions))
        return State(
            project=self.project,
            url=self.url,
            key=self._key,
            described=described,
            stand_ins=dict(self._stand_ins),
            log=self.log,
        )

    def changes(self) -> Iterator[list[Path]]:
        """Yield the files that changed, each time some did."""
        seen = _snapshot(self.project)
        watch = author_tool("watchfiles").watch
        while True:
            now = _settled(self.project)
            if changed := sorted(path for path in seen.keys() | now.keys() if seen.get(path) != now.get(path)):
                seen = now
                yield changed
                continue  # it may have changed once more while that was dealt with
            paths = [path for path in (self.project.source, self.project.folder / "pyproject.toml") if path.exists()]
            next(watch(*paths, rust_timeout=_LOOK_AGAIN_MS, yield_on_timeout=True))

    def _serve_fakes(self) -> None:
        if self._fakes is not None:
            self._fakes.stop()
        self._ports = {name: self._ports.get(name) or _free_port() for name in self.project.fakes}
        self._fakes = Child(
            self._python, ["wren.authoring.fake_server"], variables=_own_variables(), log=self.log, is_read=True
        )
        request = json.dumps({"fakes": dict(self.project.fakes), "ports": self._ports})
        answer = self._fakes.ask(request, seconds=_START_SECONDS)
        told = json.loads(answer) if answer else {}
        # Where a fake does not answer, nobody does: the integration must not reach the real provider instead.
        self._stand_ins = {name: _stand_in(port, told.get(name)) for name, port in self._ports.items()}
        self._are_fakes_stale = False

    def _serve_backend(self, settings: Mapping[str, str]) -> None:
        if self._backend is not None:
            self._backend.stop()
        data = ["--data-dir", str(self._workspace / "data"), "--port", str(self._port)]
        variables = {**_own_variables(), **settings, "PYTHONUNBUFFERED": "1"}
        self._backend = Child(self._python, [BACKEND, "up", *data], variables=variables, log=self.log)
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(self.url):
            if self._backend.has_ended or time.monotonic() > deadline:
                raise BackendFailed(f"the backend did not start:\n{self._log_end()}")
            time.sleep(0.05)
        if not self._key:
            shown = _FIRST_KEY.search(self.log.read_text(errors="replace"))
            self._key = shown[1] if shown else ""

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-_SHOWN:].strip()


def touches_fakes(changed: list[Path]) -> bool:
    """Tell whether the fakes must forget what they know: one of their own files changed, or the metadata did."""
    return any("fake" in path.name or path.name == "pyproject.toml" for path in changed)


def _snapshot(project: Project) -> dict[Path, tuple[int, int]]:
    files = [*project.source.rglob("*"), project.folder / "pyproject.toml"]
    stats = {path: path.stat() for path in files if "__pycache__" not in path.parts and path.is_file()}
    return {path: (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}


def _settled(project: Project) -> dict[Path, tuple[int, int]]:
    """Return a snapshot that a moment later is still true: an editor may be writing several files."""
    before = _snapshot(project)
    while True:
        time.sleep(_SETTLE_SECONDS)
        after = _snapshot(project)
        if after == before:
            return after
        before = after


def _described(project: Project) -> Described:
    try:
        return describe(project.source, project.integrations)
    except DefinitionUnreadable as exc:
        return Described(failed=dict.fromkeys(project.integrations, exc.message))


def _stand_in(port: int, told: Mapping[str, Any] | None) -> StandIn:
    if told is None or "failed" in told:
        reason = "it ended at once; the log says why" if told is None else told["failed"]
        return StandIn(url=f"http://127.0.0.1:{port}", failed=reason)
    return StandIn(**told)


def _own_variables() -> dict[str, str]:
    """Return this process's environment without the settings of another server."""
    kept = ("WREN_SANDBOX", "WREN_PLUGINS_")
    return {name: value for name, value in os.environ.items() if not name.startswith("WREN_") or name.startswith(kept)}


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
