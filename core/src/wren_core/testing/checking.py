"""Check an installed integration in a separate process, so that it cannot harm the process of the caller."""

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
from wren_core.testing.patience import patience

TIME_LIMIT = timedelta(seconds=90)
_TAIL = 2000


class CheckStopped(AgentFixableError):
    """The check of the plugin did not finish: the plugin hung, ended the process or crashed it."""

    code = "PLUGIN_CHECK_STOPPED"


class TestingMissing(UserFacingConfigError):
    """The extra `wren-core[testing]` is not installed."""

    __test__ = False  # pytest takes the name for a test class
    code = "TESTING_MISSING"


def check_installed(
    name: str,
    *,
    folder: Path | None = None,
    config: Mapping[str, Any] | None = None,
    time_limit: timedelta | None = None,
) -> dict[str, Any]:
    """Return the report about an installed integration, in the form of `report.QualityReport.to_json`.

    Args:
        name: the integration.
        folder: the folder of its pyproject.toml; found automatically for an editable install.
        config: values for `create` that its fake does not give.
        time_limit: the process is killed after this time; by default `TIME_LIMIT`, longer on a busy machine.

    Raises:
        CheckStopped: the message names the step that did not finish.
        TestingMissing: the extra `wren-core[testing]` is not installed.
        WrenError: the report could not be made, because of an exemption without a reason, for example.
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
        ending = _run(job, time_limit or timedelta(seconds=patience(TIME_LIMIT.total_seconds())))
        return _outcome(name, _lines(report), ending)


def _run(job: Mapping[str, Any], time_limit: timedelta) -> str:
    """Run the process and return how it failed; an empty string where it did not."""
    with _start_process() as process:
        try:
            _, errors = process.communicate(json.dumps(job), timeout=time_limit.total_seconds())
        except subprocess.TimeoutExpired:
            return f"it hung for {time_limit.total_seconds():g} s"
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    return "" if process.returncode == 0 else f"the process ended with {process.returncode}: {errors[-_TAIL:].strip()}"


def _start_process() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "wren_core.testing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_environment(),
        text=True,
        start_new_session=True,  # so that it can be killed with all its children
    )


def _environment() -> dict[str, str]:
    """Return the variables of the process: without a proxy, which would hide the fake from the integration."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def _lines(report: Path) -> Iterator[dict[str, Any]]:
    if report.exists():
        for line in report.read_text("utf-8").splitlines():
            with suppress(ValueError):  # the last line of a process that was killed
                yield json.loads(line)


def _outcome(name: str, lines: Iterator[dict[str, Any]], ending: str) -> dict[str, Any]:
    step = "starting"
    for line in lines:
        step = line.get("progress", step)
        if "report" in line:
            return dict(line["report"])
        if "error" in line:
            raise error_from_wire(line["error"])
    reason = ending or "the process ended without a report, as after os._exit()"
    raise CheckStopped(f"the check of {name!r} was stopped at {step}: {reason}", details={"step": step})
