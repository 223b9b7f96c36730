"""How hard the limits of a run are on this machine, for operators: kept by the kernel, or counted again and again."""

from typing import Literal, TypedDict

from wren_backend.executor.launcher.policy import Limits

Strength = Literal["hard", "counted", "none"]


class LimitStrength(TypedDict):
    """One limit."""

    value: float
    strength: Strength
    """hard: cannot be exceeded. counted: exceeded for up to 50 ms, then the run is ended. none: not kept."""
    kept_by: str


_COUNTED = "the supervisor, which adds up the processes 20 times a second and ends the run"


def describe_limits(limits: Limits, isolation: str) -> dict[str, LimitStrength]:
    """Return every limit with its value, its strength under this isolation, and what keeps it."""
    processes: tuple[Strength, str] = ("none", "nothing: no supervisor sees each fork")
    if isolation == "sandlock":
        processes = ("hard", "the supervisor, which allows each fork")
    found: dict[str, tuple[float, Strength, str]] = {
        "wall": (limits.wall.total_seconds(), "hard", "the guard above the run's processes"),
        "memory_bytes": (limits.memory_bytes, "counted", f"{_COUNTED}; of one process, the kernel (RLIMIT_DATA)"),
        "processes": (limits.processes, *processes),
        "threads": (limits.threads, "counted", _COUNTED),
        "open_files": (limits.open_files, "hard", "the kernel (RLIMIT_NOFILE), for each process"),
        "file_bytes": (limits.file_bytes, "hard", "the kernel (RLIMIT_FSIZE), for each file"),
        "disk_bytes": (limits.disk_bytes, "counted", _COUNTED),
        "disk_entries": (limits.disk_entries, "counted", _COUNTED),
        "output_bytes": (limits.output_bytes, "hard", "the worker, which drops the rest"),
        "output_lines": (limits.output_lines, "hard", "the worker, which drops the rest"),
        "output_budget_bytes": (limits.output_budget_bytes, "hard", "the worker, which ends the run"),
    }
    return {
        name: LimitStrength(value=value, strength=strength, kept_by=kept_by)
        for name, (value, strength, kept_by) in found.items()
    }
