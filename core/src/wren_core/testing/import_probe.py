"""What importing a module does: how long it takes, what else it imports, and what it touches that it should not.

Only what the module's own package does counts; a library it imports is judged by its price alone.
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
    "time.sleep": "sleeps {0} s",
}
# What may stand between the code of a package and the environment it reads.
_WAYS_TO_ENVIRON = frozenset({"os", "_collections_abc", "collections.abc", __name__})
_probes: list[Callable[[str, tuple[Any, ...]], None]] = []
_hooked: list[bool] = []


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Something done while a module was imported."""

    place: str
    """File and line of the package that did it."""
    message: str


@dataclass(frozen=True, kw_only=True)
class ImportFacts:
    """What importing a module did."""

    module: str
    cpu_seconds: float
    modules: tuple[str, ...]
    """What was imported that was not before, sorted."""
    effects: tuple[Effect, ...] = ()


def probe_import(module: str) -> ImportFacts:
    """Import a module that was not imported yet, and watch what it does."""
    package = module.partition(".")[0]
    before, threads = set(sys.modules), set(threading.enumerate())
    effects: list[Effect] = []
    with _watching(package, effects), _watching_environ(package, effects):
        started = time.process_time()
        importlib.import_module(module)
        cpu_seconds = time.process_time() - started
    # Not every version of Python has an audit event for it.
    left = set(threading.enumerate()) - threads
    effects += [Effect(place=module, message=f"leaves the thread {thread.name} running") for thread in left]
    return ImportFacts(
        module=module,
        cpu_seconds=cpu_seconds,
        modules=tuple(sorted(set(sys.modules) - before)),
        effects=tuple(dict.fromkeys(effects)),
    )


@contextmanager
def _watching(package: str, effects: list[Effect]) -> Iterator[None]:
    def see(event: str, arguments: tuple[Any, ...]) -> None:
        text = _EFFECTS.get(event)
        place = _place_in(package, sys._getframe(2)) if text else None  # noqa: SLF001 - the frame the event is from
        if text and place:
            shown = [str(argument)[:200] for argument in (*arguments, "", "")]
            effects.append(Effect(place=place, message=text.format(*shown)))

    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)  # it stays; without a probe it does nothing
    _probes.append(see)
    try:
        yield
    finally:
        _probes.remove(see)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for see in tuple(_probes):
        see(event, arguments)


@contextmanager
def _watching_environ(package: str, effects: list[Effect]) -> Iterator[None]:
    """Reading the environment raises no audit event: its mapping is watched instead."""
    kind: Any = type(os.environ)
    read, walk = kind.__getitem__, kind.__iter__

    def note(what: str) -> None:
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - who reads
        while frame is not None and frame.f_globals.get("__name__") in _WAYS_TO_ENVIRON:
            frame = frame.f_back
        if frame is not None and _is_of(package, frame):
            effects.append(Effect(place=_shown(frame), message=f"reads {what}"))

    def watched_read(self: Any, key: str) -> str:
        note(f"the environment variable {key}")
        return str(read(self, key))

    def watched_walk(self: Any) -> Iterator[str]:
        note("the whole environment")
        return iter(walk(self))

    kind.__getitem__, kind.__iter__ = watched_read, watched_walk
    try:
        yield
    finally:
        kind.__getitem__, kind.__iter__ = read, walk


def _place_in(package: str, frame: FrameType | None) -> str | None:
    """Return where the package did it; None where Python's import of another module did."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return None
        if _is_of(package, frame):
            return _shown(frame)
        frame = frame.f_back
    return None


def _is_of(package: str, frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == package


def _shown(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
