"""Measure the import of a module: its time, the other modules it imports, and its side effects.

Only side effects of the module's own package count; of a library that it imports, only the cost does.
"""

import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

_EFFECTS = {
    "open": "opens {0}",
    "os.listdir": "lists {0}",
    "os.scandir": "lists {0}",
    "os.mkdir": "makes {0}",
    "os.remove": "removes {0}",
    "os.rename": "renames {0}",
    "os.putenv": "sets the environment variable {0}",
    "os.unsetenv": "removes the environment variable {0}",
    "os.system": "starts {0}",
    "os.posix_spawn": "starts {0}",
    "subprocess.Popen": "starts {0}",
    "os.fork": "forks the process",
    "socket.__new__": "makes a socket",
    "socket.connect": "connects to {1}",
    "socket.getaddrinfo": "looks up {0}",
    "socket.bind": "binds {1}",
    "sqlite3.connect": "opens the database {0}",
}
# Modules whose frames may lie between the code of a package and the environment variable it reads.
MAX_CPU_SECONDS = 1.0
"""More is work, not the definition of a plugin; also on a slow machine."""
# Not zero, so that a loop around it does not keep a processor busy.
_SHORT_WAIT_SECONDS = 0.02
_ENVIRON_MODULES = frozenset({"os", "_collections_abc", "collections.abc", __name__})
_probes: list[Callable[[str, tuple[Any, ...]], None]] = []
_hooked: list[bool] = []


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One side effect of an import."""

    place: str
    """File and line in the package."""
    message: str


@dataclass(frozen=True, kw_only=True)
class ImportFacts:
    """What the import of a module did."""

    module: str
    cpu_seconds: float
    modules: tuple[str, ...]
    """The modules that it imported for the first time, sorted."""
    effects: tuple[Effect, ...] = ()


def probe_import(module: str) -> ImportFacts:
    """Import a module for the first time, and record what the import does."""
    package = module.partition(".")[0]
    before, threads = set(sys.modules), set(threading.enumerate())
    effects: list[Effect] = []
    with _watching(package, effects), _watching_environ(package, effects), _watching_waits(package, effects):
        started = time.process_time()
        importlib.import_module(module)
        cpu_seconds = time.process_time() - started
    # Not every version of Python has an audit event for a new thread.
    left = set(threading.enumerate()) - threads
    effects += [Effect(place=module, message=f"leaves the thread {thread.name} running") for thread in left]
    if cpu_seconds > MAX_CPU_SECONDS:
        effects.append(Effect(place=module, message=f"works for {cpu_seconds:.1f} s of processor time"))
    return ImportFacts(
        module=module,
        cpu_seconds=cpu_seconds,
        modules=tuple(sorted(set(sys.modules) - before)),
        effects=tuple(dict.fromkeys(effects)),
    )


@contextmanager
def _watching(package: str, effects: list[Effect]) -> Iterator[None]:
    def record(event: str, arguments: tuple[Any, ...]) -> None:
        text = _EFFECTS.get(event)
        place = _place_in(package, sys._getframe(2)) if text else None  # noqa: SLF001 - the frame the event is from
        if text and place:
            texts = [str(argument)[:200] for argument in (*arguments, "", "")]
            effects.append(Effect(place=place, message=text.format(*texts)))

    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)  # it stays for the life of the process, and does nothing without a probe
    _probes.append(record)
    try:
        yield
    finally:
        _probes.remove(record)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for record in tuple(_probes):
        record(event, arguments)


@contextmanager
def _watching_environ(package: str, effects: list[Effect]) -> Iterator[None]:
    """Replace the methods of `os.environ` by recording ones: reading it raises no audit event."""
    kind: Any = type(os.environ)
    read, walk = kind.__getitem__, kind.__iter__

    def record(what: str) -> None:
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the frame that reads
        while frame is not None and frame.f_globals.get("__name__") in _ENVIRON_MODULES:
            frame = frame.f_back
        if frame is not None and _is_of(package, frame):
            effects.append(Effect(place=_file_and_line(frame), message=f"reads {what}"))

    def watched_read(self: Any, key: str) -> str:
        record(f"the environment variable {key}")
        return str(read(self, key))

    def watched_walk(self: Any) -> Iterator[str]:
        record("the whole environment")
        return iter(walk(self))

    kind.__getitem__, kind.__iter__ = watched_read, watched_walk
    try:
        yield
    finally:
        kind.__getitem__, kind.__iter__ = read, walk


@contextmanager
def _watching_waits(package: str, effects: list[Effect]) -> Iterator[None]:
    """Record pauses and skip them: before Python 3.13 they raise no audit event, and a check is not to wait."""
    clock: Any = time
    kind: Any = threading.Condition
    pause, wait = clock.sleep, kind.wait

    def skips(message: str) -> bool:
        place = _place_in(package, sys._getframe(2)) if is_active else None  # noqa: SLF001 - the frame that waits
        if place:
            effects.append(Effect(place=place, message=message))
        return place is not None

    def watched_pause(seconds: float) -> None:
        if not skips(f"sleeps {seconds:g} s"):
            pause(seconds)

    def watched_wait(self: Any, timeout: float | None = None) -> bool:
        # Without a limit it waits for a thread of the import itself, such as one that starts.
        is_pause = timeout is not None and skips(f"waits {timeout:g} s")
        return bool(wait(self, min(timeout or 0, _SHORT_WAIT_SECONDS) if is_pause else timeout))

    clock.sleep, kind.wait, is_active = watched_pause, watched_wait, True
    try:
        yield
    finally:
        clock.sleep, kind.wait, is_active = pause, wait, False


def _place_in(package: str, frame: FrameType | None) -> str | None:
    """Return the file and line in the package; None where the import of another module did it."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return None
        if _is_of(package, frame):
            return _file_and_line(frame)
        frame = frame.f_back
    return None


def _is_of(package: str, frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == package


def _file_and_line(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
