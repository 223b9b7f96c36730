"""Measurements for comparison, and promises about them."""

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The imports of a run's process before the script: the minimum for every run.
BARE_RUN = "import wren.runner; from wren_core import Integration"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement."""

    name: str
    value: float
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A bound, and whether the measurement keeps it."""

    text: str
    kept: bool


@dataclass(frozen=True, kw_only=True)
class Table:
    """Measurements of one run, each also as a multiple of the first."""

    title: str
    unit: str
    rows: Sequence[Row]
    text: str = ""
    promises: Sequence[Promise] = field(default_factory=tuple)

    def value(self, name: str) -> float:
        """Return the value of a row."""
        return next(row.value for row in self.rows if row.name == name)


def ask_python(*arguments: str, options: Sequence[str] = ()) -> str:
    """Run a new interpreter and return its output; its environment has no settings of Wren."""
    argv = [sys.executable, *options, *arguments]
    done = subprocess.run(argv, cwd=ROOT, env=plain_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{argv} failed:\n{done.stderr}")
    return done.stdout


def plain_environment() -> dict[str, str]:
    """Return the environment without the caller's settings for Wren and Python."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("WREN_", "PYTHON"))}


def in_turns(samples: Mapping[str, Iterable[float]]) -> dict[str, list[float]]:
    """Sample all candidates in turns, so that noise affects all of them alike."""
    iterators = {name: iter(values) for name, values in samples.items()}
    taken: dict[str, list[float]] = {name: [] for name in iterators}
    while iterators:
        for name in list(iterators):
            value = next(iterators[name], None)
            if value is None:
                del iterators[name]
            else:
                taken[name].append(value)
    return taken


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def machine() -> dict[str, str]:
    """Describe the machine of the measurements."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return {
        "processor": f"{_processor()}, {cores} cores",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Python": platform.python_version(),
        "load before the run (1, 5, 15 minutes)": load,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
