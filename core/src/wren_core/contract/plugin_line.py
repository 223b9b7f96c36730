"""The line of a plugin in the traceback of an error, for messages."""

from pathlib import Path
from types import FrameType, TracebackType

# Frames of these packages are never those of an author.
_HOSTS = frozenset({"wren_core", "pydantic", "pydantic_core"})


def last_line(exc: BaseException, package: str | None = None) -> str:
    """Return the last line of a package in a traceback: `shop.py, line 12`; empty where there is none.

    Args:
        exc: the error.
        package: the top package of the plugin; by default that of the first frame outside wren-core.
    """
    frames = _list_frames(exc.__traceback__)
    package = package or next((name for frame, _ in frames if (name := package_of(frame)) not in _HOSTS), None)
    own = [(frame, line) for frame, line in frames if package_of(frame) == package]
    return format_line(*own[-1]) if own else ""


def package_of(frame: FrameType) -> str:
    """Return the top package of the code of a frame."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def format_line(frame: FrameType, line: int) -> str:
    """Return a place as messages write it."""
    return f"{Path(frame.f_code.co_filename).name}, line {line}"


def _list_frames(traceback: TracebackType | None) -> list[tuple[FrameType, int]]:
    found: list[tuple[FrameType, int]] = []
    while traceback is not None:
        found.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    return found
