"""Check an installed integration in a process of its own: what it does to that, it does not do to whoever checks."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wren_core.errors import AgentFixableError, UserFacingConfigError, error_from_wire

TIME_LIMIT = timedelta(seconds=90)
_TAIL = 2000


class CheckStopped(AgentFixableError):
    """The plugin kept its check from coming to an end: it hung, ended the process or crashed it."""

    code = "PLUGIN_CHECK_STOPPED"


class TestingMissing(UserFacingConfigError):
    """The extra `wren-core[testing]` is not installed."""

    __test__ = False  # no class of tests, whatever pytest makes of its name
    code = "TESTING_MISSING"


def check_installed(
    name: str,
    *,
    folder: Path | None = None,
    config: Mapping[str, Any] | None = None,
    time_limit: timedelta = TIME_LIMIT,
) -> dict[str, Any]:
    """Return the report about an installed integration, as `report.Report.to_json` has it.

    Args:
        name: of the integration.
        folder: where its pyproject.toml is; found by itself where it is installed in place.
        config: what `create` needs, beside what its fake says.
        time_limit: the process is killed after it.

    Raises:
        CheckStopped: says what was tried when the check ended.
        TestingMissing: the extra `wren-core[testing]` is not installed.
        WrenError: what kept the report from being made, such as an exemption without a reason.
    """
    if find_spec("uvicorn") is None:
        raise TestingMissing("a check serves fake providers; run `pip install 'wren-core[testing]'`")
    with tempfile.TemporaryDirectory(prefix="wren-check-") as place:
        report = Path(place) / "report.jsonl"
        job = {
            "integration": name,
            "folder": str(folder) if folder else None,
            "config": dict(config or {}),
            "report": str(report),
        }
        ending = _perform(job, time_limit)
        return _outcome(name, _lines(report), ending)


def _perform(job: Mapping[str, Any], time_limit: timedelta) -> str:
    """Run the process to its end, and say how it ended; empty where it ended well."""
    with _started() as process:
        try:
            _, errors = process.communicate(json.dumps(job), timeout=time_limit.total_seconds())
        except subprocess.TimeoutExpired:
            return f"it hung for {time_limit.total_seconds():g} s"
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    return "" if process.returncode == 0 else f"the process ended with {process.returncode}: {errors[-_TAIL:].strip()}"


def _started() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "wren_core.testing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_environment(),
        text=True,
        start_new_session=True,  # so that all it starts can be killed at once
    )


def _environment() -> dict[str, str]:
    """Return the variables of the process: no proxy, which would stand between the integration and its fake."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def _lines(report: Path) -> Iterator[dict[str, Any]]:
    if report.exists():
        for line in report.read_text("utf-8").splitlines():
            with suppress(ValueError):  # the last line of a process that was killed
                yield json.loads(line)


def _outcome(name: str, lines: Iterator[dict[str, Any]], ending: str) -> dict[str, Any]:
    doing = "starting"
    for line in lines:
        doing = line.get("progress", doing)
        if "report" in line:
            return dict(line["report"])
        if "error" in line:
            raise error_from_wire(line["error"])
    reason = ending or "the process ended without a report, as after os._exit()"
    raise CheckStopped(f"the check of {name!r} was stopped while it tried {doing}: {reason}", details={"doing": doing})
