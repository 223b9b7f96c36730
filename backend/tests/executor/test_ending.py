from datetime import timedelta
from typing import Any

import pytest

from wren_backend.executor.ending import Ending, Evidence, decide_ending, was_stopped
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.launcher.report import Report
from wren_backend.executor.port import OutcomeStatus as Status
from wren_core.errors import WrenError
from wren_core.protocol.frames import ErrorFrame, ResultFrame, ScriptFailure

LIMITS = Limits(wall=timedelta(seconds=30))
RESULT = ResultFrame(value=1)
ERROR = ErrorFrame(error=ScriptFailure(type="AgentFixableError", code="SCRIPT_FAILED", message="m", line=3))
CLEAN = Report(event="exit", code=0)


def _code(ending: Ending) -> str:
    return ending.error.code if isinstance(ending.error, WrenError) else dict(ending.error or {}).get("code", "")


def test_a_result_with_a_clean_exit_is_a_success():
    assert decide_ending(Evidence(answer=RESULT, report=CLEAN), LIMITS) == Ending(status=Status.SUCCESS)


def test_an_error_frame_is_passed_on_as_it_is():
    ending = decide_ending(Evidence(answer=ERROR, report=Report(event="exit", code=1)), LIMITS)

    assert ending.status is Status.FAILED
    assert ending.error == {
        "type": "AgentFixableError",
        "code": "SCRIPT_FAILED",
        "message": "m",
        "line": 3,
        "can_retry": False,
    }


@pytest.mark.parametrize(
    ("evidence", "status", "code"),
    [
        (Evidence(answer=RESULT, report=Report(event="timeout")), Status.TIMEOUT, "RUN_TIMEOUT"),
        (Evidence(answer=RESULT, report=Report(event="killed"), cancelled=True), Status.CANCELLED, "CANCELLED"),
        (
            Evidence(answer=RESULT, report=Report(event="killed"), violation="x"),
            Status.FAILED,
            "CHANNEL_VIOLATION",
        ),
        (
            Evidence(report=Report(event="killed"), output_over_budget=True),
            Status.FAILED,
            "OUTPUT_LIMIT_EXCEEDED",
        ),
        (Evidence(report=Report(event="breach", limit="memory")), Status.FAILED, "MEMORY_LIMIT_EXCEEDED"),
        (Evidence(report=Report(event="breach", limit="threads")), Status.FAILED, "THREADS_LIMIT_EXCEEDED"),
        (Evidence(report=Report(event="breach", limit="disk")), Status.FAILED, "DISK_LIMIT_EXCEEDED"),
        (Evidence(report=Report(event="failure", message="no")), Status.FAILED, "SANDBOX_FAILED"),
        (Evidence(answer=RESULT), Status.FAILED, "SANDBOX_FAILED"),
        (Evidence(answer=RESULT, report=Report(event="exit", code=3)), Status.FAILED, "SCRIPT_EXITED"),
        (Evidence(report=CLEAN), Status.FAILED, "SCRIPT_EXITED"),
        (Evidence(report=Report(event="exit", signal=9)), Status.FAILED, "SCRIPT_CRASHED"),
        (Evidence(report=Report(event="exit", signal=99)), Status.FAILED, "SCRIPT_CRASHED"),
    ],
)
def test_what_the_platform_saw_outweighs_what_the_script_said(evidence: Evidence, status: Status, code: str):
    ending = decide_ending(evidence, LIMITS)

    assert (ending.status, _code(ending)) == (status, code)


def test_a_timeout_says_how_long_the_run_had():
    error: Any = decide_ending(Evidence(report=Report(event="timeout")), LIMITS).error

    assert error.message == (
        "the run did not end within 30 s and was stopped; do less per run, "
        "or ask the operator to raise WREN_LIMITS__WALL"
    )


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (Evidence(report=Report(event="breach", limit="memory")), ["512 MiB of memory", "WREN_LIMITS__MEMORY_BYTES"]),
        (Evidence(report=Report(event="breach", limit="threads")), ["256 threads", "WREN_LIMITS__THREADS"]),
        (
            Evidence(report=Report(event="breach", limit="disk")),
            ["256 MiB", "10000 files", "WREN_LIMITS__DISK_BYTES", "WREN_LIMITS__DISK_ENTRIES"],
        ),
        (
            Evidence(report=Report(event="killed"), output_over_budget=True),
            ["64 MiB", "WREN_LIMITS__OUTPUT_BUDGET_BYTES"],
        ),
        (Evidence(report=Report(event="timeout")), ["30 s", "WREN_LIMITS__WALL"]),
        (Evidence(report=Report(event="exit", signal=9)), ["SIGKILL", "out of memory", "kernel's log"]),
        (Evidence(report=Report(event="exit", signal=31)), ["SIGSYS", "system calls"]),
        (Evidence(report=Report(event="exit", signal=25)), ["SIGXFSZ", "WREN_LIMITS__FILE_BYTES"]),
        (Evidence(report=Report(event="exit", signal=11)), ["SIGSEGV", "native code"]),
    ],
)
def test_an_ending_says_which_limit_it_was_and_how_more_is_allowed(evidence: Evidence, words: list[str]):
    error: Any = decide_ending(evidence, LIMITS).error

    assert [word for word in words if word not in error.message] == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": "MEMORY_LIMIT_EXCEEDED"}, True),
        ({"code": "RUN_TIMEOUT"}, True),
        ({"code": "SCRIPT_CRASHED"}, True),
        ({"code": "SCRIPT_FAILED", "details": {"refused_by": "WREN_LIMITS__FILE_BYTES"}}, True),
        ({"code": "SCRIPT_FAILED", "details": {"refused": 1}}, False),
        ({"code": "SCRIPT_FAILED"}, False),
        ({"code": "RATE_LIMITED", "details": None}, False),
    ],
)
def test_the_log_repeats_what_the_platform_refused_and_not_what_the_script_raised(error: Any, said: bool):
    assert was_stopped(error) is said
