"""One plugin is loaded in a process of its own, so that it may do whatever it does: hang, print, crash, exit."""

import json
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from importlib_metadata import EntryPoint

from wren_core.plugins.discovery import identity_of

# The interpreter's start, which is none of the plugin's time; generous, for a machine with all its hands full.
_START_SECONDS = 30
_AT_ONCE = 2
MARK = "wren: the plugin is loaded from here on"


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What loading one plugin showed."""

    name: str
    distribution: str
    code: str = ""
    """Why it did not load: a code of `FailedPlugin`, PLUGIN_ENDED_PROCESS or NOT_EXAMINED. Empty when it did."""
    reason: str = ""
    seconds: float = 0.0
    """Time it took to load, without what this process had imported before."""
    heavy: tuple[tuple[str, float], ...] = ()
    """Packages it imported and their own seconds, slowest first."""
    contacts: bool = False
    """Whether it talks to anybody, so that a fake is worth having."""


def examine(points: Iterable[EntryPoint], time_limit: timedelta) -> list[Examination]:
    """Load each entry point in a process of its own and return what happened, in the order given."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda point: _examine(point, time_limit), points))


def _examine(point: EntryPoint, time_limit: timedelta) -> Examination:
    distribution = identity_of(point)[0]
    limit = time_limit.total_seconds()
    program = [sys.executable, "-P", "-X", "importtime", "-m", "wren.installed_plugins.examination_child"]
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, and names as arguments: no shell reads them
            [*program, point.name, distribution, str(limit)],
            capture_output=True,
            timeout=limit + _START_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:  # it never lets go of the interpreter, so no thread beside it can tell
        reason = f"did not load within {limit:g} s, and held the interpreter"
        return Examination(name=point.name, distribution=distribution, code="PLUGIN_TIMED_OUT", reason=reason)
    answer = _answer(done.stdout)
    told = done.stderr.decode(errors="replace")
    if answer is None:
        code, reason = _breakdown(told, _ending(done.returncode))
        return Examination(name=point.name, distribution=distribution, code=code, reason=reason)
    own = (point.value.partition(":")[0].partition(".")[0], "wren", "wren_core")
    heavy = _import_times(told, without=own)
    return Examination(name=point.name, distribution=distribution, heavy=heavy, **answer)


def _answer(output: bytes) -> dict[str, Any] | None:
    lines = output.decode(errors="replace").splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _breakdown(told: str, ending: str) -> tuple[str, str]:
    if MARK in told:
        return "PLUGIN_ENDED_PROCESS", f"ended the whole process while it was loaded, with {ending}"
    last = next((line for line in reversed(told.splitlines()) if line and not line.startswith("import time:")), "")
    return "NOT_EXAMINED", f"could not be examined, the process ended with {ending}: {last}".rstrip(": ")


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def _import_times(listing: str, *, without: Iterable[str]) -> tuple[tuple[str, float], ...]:
    """Add up the time each package took of itself: `import time:  self [us] | cumulative | module`."""
    seconds: dict[str, float] = {}
    for line in listing.partition(MARK)[2].splitlines():
        parts = line.removeprefix("import time:").split("|")
        if not line.startswith("import time:") or len(parts) != 3 or not parts[0].strip().isdigit():
            continue
        package = parts[2].strip().partition(".")[0]
        if package not in without:
            seconds[package] = seconds.get(package, 0.0) + int(parts[0]) / 1e6
    return tuple(sorted(seconds.items(), key=lambda item: -item[1]))
