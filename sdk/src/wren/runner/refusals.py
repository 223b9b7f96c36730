"""What a sandbox refused a script, in words: which limit it was, and how more is allowed.

A refusal arrives as an ordinary error of the operating system, such as "File too large" without a number.
"""

import errno
import os
import resource
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SandboxRefusal:
    """What was refused, and by what."""

    words: str
    setting: str | None = None
    """The operator's setting that is the limit; None for what is never allowed."""


# The modules of the standard library that start processes.
_STARTERS = ("subprocess.py", "popen_fork.py", "util.py")
_is_sandboxed = False


def enter_sandbox() -> None:
    """Remember that this process is confined: outside, the same errors mean something else."""
    global _is_sandboxed
    _is_sandboxed = True


def find_refusal(exc: BaseException) -> SandboxRefusal | None:
    """Return what the sandbox refused, where an exception, or one that it came from, is such a refusal."""
    if not _is_sandboxed:
        return None
    return next((found for item in _list_causes(exc) if (found := _explain(item)) is not None), None)


def _list_causes(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = exc
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _explain(exc: BaseException) -> SandboxRefusal | None:
    if isinstance(exc, MemoryError):
        return _name_limit("a run may hold {size} of memory", resource.RLIMIT_DATA, "MEMORY_BYTES")
    if isinstance(exc, RuntimeError) and "start new thread" in str(exc):
        return SandboxRefusal(words="the run has as many threads as it may have", setting=_setting("THREADS"))
    if isinstance(exc, OSError) and exc.errno in _BY_NUMBER:
        return _BY_NUMBER[exc.errno](exc)
    return None


def _explain_denied(exc: OSError) -> SandboxRefusal | None:
    if exc.filename is None:
        return None
    if not _has_descriptor_left():  # then the sandbox, which opens files in the script's place, says EACCES
        return _explain_open_files(exc)
    return SandboxRefusal(
        words="a script may read Python, its packages and certificates, and write its working folder; "
        f"{exc.filename!r} is neither, so bring what it holds as a parameter, an event or through an integration"
    )


def _has_descriptor_left() -> bool:
    try:
        os.close(os.dup(2))
    except OSError as exc:
        return exc.errno != errno.EMFILE
    return True


def _explain_open_files(_exc: OSError) -> SandboxRefusal:
    return _name_limit(
        "a process may have {size} files and sockets open; close some", resource.RLIMIT_NOFILE, "OPEN_FILES"
    )


def _explain_no_fork(exc: OSError) -> SandboxRefusal | None:
    frames = traceback.extract_tb(exc.__traceback__)
    place = frames[-1] if frames else None
    # The same number says that a socket which does not wait has nothing yet.
    if place is None or not (place.filename.endswith(_STARTERS) or "fork" in (place.line or "")):
        return None
    return SandboxRefusal(
        words="the run has as many processes or threads as it may have; wait for some to end",
        setting=_setting("PROCESSES"),
    )


def _name_limit(words: str, limit: int, setting: str) -> SandboxRefusal:
    value = resource.getrlimit(limit)[0]
    size = f"{value / 2**20:g} MiB" if value >= 2**20 else str(value)
    return SandboxRefusal(words=words.format(size=size), setting=_setting(setting))


def _setting(name: str) -> str:
    return f"WREN_LIMITS__{name}"


_BY_NUMBER: dict[int, Callable[[OSError], SandboxRefusal | None]] = {
    errno.EFBIG: lambda _: _name_limit("one file may hold {size}", resource.RLIMIT_FSIZE, "FILE_BYTES"),
    errno.EMFILE: _explain_open_files,
    errno.EAGAIN: _explain_no_fork,
    errno.ENOMEM: lambda _: _name_limit("a run may hold {size} of memory", resource.RLIMIT_DATA, "MEMORY_BYTES"),
    errno.ENOSPC: lambda _: SandboxRefusal(words="the server's disk is full; tell the operator"),
    errno.EACCES: _explain_denied,
    errno.EPERM: _explain_denied,
}
