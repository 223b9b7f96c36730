from datetime import timedelta
from typing import Any

import pytest

from wren_backend.executor.frames import ErrorBody, ErrorFrame, ResultFrame
from wren_backend.executor.port import Limits, RunStatus
from wren_backend.executor.verdict import Evidence, Verdict, judge
from wren_core.errors import WrenError

LIMITS = Limits(wall=timedelta(seconds=30))
RESULT = ResultFrame(frame="result", value=1)
ERROR = ErrorFrame(frame="error", error=ErrorBody(type="AgentFixableError", code="SCRIPT_FAILED", message="m", line=3))
CLEAN = {"event": "exit", "code": 0, "signal": None}


def _code(verdict: Verdict) -> str:
    return verdict.error.code if isinstance(verdict.error, WrenError) else dict(verdict.error or {}).get("code", "")


def test_a_result_with_a_clean_exit_is_a_success():
    assert judge(Evidence(answer=RESULT, ending=CLEAN), LIMITS) == Verdict(status=RunStatus.SUCCESS)


def test_an_error_frame_is_passed_on_as_it_is():
    verdict = judge(Evidence(answer=ERROR, ending={**CLEAN, "code": 1}), LIMITS)

    assert verdict.status is RunStatus.FAILED
    assert verdict.error == {
        "type": "AgentFixableError",
        "code": "SCRIPT_FAILED",
        "message": "m",
        "line": 3,
        "can_retry": False,
    }


@pytest.mark.parametrize(
    ("evidence", "status", "code"),
    [
        (Evidence(answer=RESULT, ending={"event": "timeout"}), RunStatus.TIMEOUT, "RUN_TIMEOUT"),
        (Evidence(answer=RESULT, ending={"event": "killed"}, cancelled=True), RunStatus.CANCELLED, "CANCELLED"),
        (Evidence(answer=RESULT, ending={"event": "killed"}, violation="x"), RunStatus.FAILED, "CHANNEL_VIOLATION"),
        (Evidence(ending={"event": "killed"}, output_over_budget=True), RunStatus.FAILED, "OUTPUT_LIMIT_EXCEEDED"),
        (Evidence(ending={"event": "breach", "limit": "memory"}), RunStatus.FAILED, "MEMORY_LIMIT_EXCEEDED"),
        (Evidence(ending={"event": "breach", "limit": "threads"}), RunStatus.FAILED, "THREADS_LIMIT_EXCEEDED"),
        (Evidence(ending={"event": "breach", "limit": "disk"}), RunStatus.FAILED, "DISK_LIMIT_EXCEEDED"),
        (Evidence(ending={"event": "failure", "message": "no"}), RunStatus.FAILED, "SANDBOX_FAILED"),
        (Evidence(answer=RESULT), RunStatus.FAILED, "SANDBOX_FAILED"),
        (Evidence(answer=RESULT, ending={**CLEAN, "code": 3}), RunStatus.FAILED, "SCRIPT_EXITED"),
        (Evidence(ending=CLEAN), RunStatus.FAILED, "SCRIPT_EXITED"),
        (Evidence(ending={"event": "exit", "code": None, "signal": 9}), RunStatus.FAILED, "SCRIPT_CRASHED"),
        (Evidence(ending={"event": "exit", "code": None, "signal": 99}), RunStatus.FAILED, "SCRIPT_CRASHED"),
    ],
)
def test_what_the_platform_saw_outweighs_what_the_script_said(evidence: Evidence, status: RunStatus, code: str):
    verdict = judge(evidence, LIMITS)

    assert (verdict.status, _code(verdict)) == (status, code)


def test_a_timeout_says_how_long_the_run_had():
    error: Any = judge(Evidence(ending={"event": "timeout"}), LIMITS).error

    assert error.message == "the run did not end within 30 s and was stopped; do less per run"
