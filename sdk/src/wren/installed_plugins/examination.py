"""Loads one plugin in a separate process, where it may hang, print, crash or exit."""

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

# For the start of the interpreter, which is not the plugin's time; generous, for a busy machine.
_START_SECONDS = 30
_AT_ONCE = 2
MARK = "wren: loading the plugin"


@dataclass(frozen=True, kw_only=True)
class Examination:
    """The result of loading one plugin."""

    name: str
    distribution: str
    code: str = ""
    """Why it did not load: a code of `FailedPlugin`, PLUGIN_ENDED_PROCESS or NOT_EXAMINED. Empty when it did."""
    reason: str = ""
    seconds: float = 0.0
    """Time it took to load, without the modules that were imported before."""
    heavy: tuple[tuple[str, float], ...] = ()
    """The packages it imported, with the seconds of each, slowest first."""
    contacts: bool = False
    """Whether it contacts hosts, so that a fake is useful."""


def examine(points: Iterable[EntryPoint], time_limit: timedelta) -> list[Examination]:
    """Load each entry point in a separate process and return the results, in the order given."""
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
    except subprocess.TimeoutExpired:  # it never releases the interpreter, so no other thread can report it
        reason = f"did not load within {limit:g} s, and blocked the interpreter"
        return Examination(name=point.name, distribution=distribution, code="PLUGIN_TIMED_OUT", reason=reason)
    answer = _parse_answer(done.stdout)
    errors = done.stderr.decode(errors="replace")
    if answer is None:
        code, reason = _explain_failure(errors, _describe_ending(done.returncode))
        return Examination(name=point.name, distribution=distribution, code=code, reason=reason)
    own = (point.value.partition(":")[0].partition(".")[0], "wren", "wren_core")
    heavy = _sum_import_times(errors, without=own)
    return Examination(name=point.name, distribution=distribution, heavy=heavy, **answer)


def _parse_answer(output: bytes) -> dict[str, Any] | None:
    lines = output.decode(errors="replace").splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _explain_failure(errors: str, ending: str) -> tuple[str, str]:
    if MARK in errors:
        return "PLUGIN_ENDED_PROCESS", f"ended the process that loaded it, with {ending}"
    last = next((line for line in reversed(errors.splitlines()) if line and not line.startswith("import time:")), "")
    return "NOT_EXAMINED", f"could not be examined, the process ended with {ending}: {last}".rstrip(": ")


def _describe_ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def _sum_import_times(listing: str, *, without: Iterable[str]) -> tuple[tuple[str, float], ...]:
    """Add up the own import time of each package: `import time:  self [us] | cumulative | module`."""
    seconds: dict[str, float] = {}
    for line in listing.partition(MARK)[2].splitlines():
        parts = line.removeprefix("import time:").split("|")
        if not line.startswith("import time:") or len(parts) != 3 or not parts[0].strip().isdigit():
            continue
        package = parts[2].strip().partition(".")[0]
        if package not in without:
            seconds[package] = seconds.get(package, 0.0) + int(parts[0]) / 1e6
    return tuple(sorted(seconds.items(), key=lambda item: -item[1]))
