"""From what was seen of a run to its outcome: pure decisions, no process and no socket."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wren_backend.executor.frames import ErrorFrame, MetadataFrame, ResultFrame
from wren_backend.executor.port import Limits, RunStatus
from wren_core.errors import AgentFixableError, InternalError, WrenError


@dataclass(kw_only=True)
class Evidence:
    """What a session saw; filled while the run goes on."""

    answer: ResultFrame | ErrorFrame | MetadataFrame | None = None
    violation: str | None = None
    output_over_budget: bool = False
    cancelled: bool = False
    ending: Mapping[str, Any] = field(default_factory=dict)
    """The launcher's last word; empty when it died without one."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Status, and an error unless it is a success."""

    status: RunStatus
    error: WrenError | Mapping[str, Any] | None = None


def judge(evidence: Evidence, limits: Limits) -> Verdict:
    """Decide how the run ended; what the platform did to it outweighs what the script said."""
    ending = evidence.ending.get("event")
    if evidence.cancelled:
        return Verdict(status=RunStatus.CANCELLED, error=AgentFixableError("the run was cancelled", code="CANCELLED"))
    if ending == "timeout":
        return Verdict(status=RunStatus.TIMEOUT, error=_timeout(limits))
    return _judge_ended(evidence, limits)


def _judge_ended(evidence: Evidence, limits: Limits) -> Verdict:
    failure = _platform_failure(evidence, limits)
    if failure is not None:
        return Verdict(status=RunStatus.FAILED, error=failure)
    if isinstance(evidence.answer, ErrorFrame):
        return Verdict(status=RunStatus.FAILED, error=evidence.answer.error.model_dump(exclude_none=True))
    if evidence.answer is None or evidence.ending.get("code") != 0:
        return Verdict(status=RunStatus.FAILED, error=_ended_without_result(evidence.ending))
    return Verdict(status=RunStatus.SUCCESS)


def _platform_failure(evidence: Evidence, limits: Limits) -> WrenError | None:
    ending = evidence.ending.get("event")
    if evidence.violation is not None:
        return AgentFixableError(
            f"the script interfered with the channel to the platform: {evidence.violation}", code="CHANNEL_VIOLATION"
        )
    if evidence.output_over_budget:
        return AgentFixableError(
            f"the script wrote more than {_size(limits.output_budget_bytes)} to stdout and stderr; write less",
            code="OUTPUT_LIMIT_EXCEEDED",
        )
    if ending == "breach":
        return _breach(str(evidence.ending.get("limit")), limits)
    if ending == "exit":
        return None
    return InternalError(
        f"the sandbox failed: {evidence.ending.get('message', 'it ended without a word')}", code="SANDBOX_FAILED"
    )


def _breach(limit: str, limits: Limits) -> WrenError:
    texts = {
        "memory": f"the script's processes used more than {_size(limits.memory_bytes)} of memory",
        "threads": f"the script ran more than {limits.threads} threads at a time",
        "disk": f"the script's folder held more than {_size(limits.disk_bytes)} or {limits.disk_entries} files",
    }
    return AgentFixableError(texts[limit], code=f"{limit.upper()}_LIMIT_EXCEEDED")


def _timeout(limits: Limits) -> WrenError:
    return AgentFixableError(
        f"the run did not end within {limits.wall.total_seconds():g} s and was stopped; do less per run",
        code="RUN_TIMEOUT",
    )


def _ended_without_result(ending: Mapping[str, Any]) -> WrenError:
    number = ending.get("signal")
    if number is not None:
        return AgentFixableError(f"the script's process was ended by {_signal_name(number)}", code="SCRIPT_CRASHED")
    return AgentFixableError(
        f"the script's process ended with exit code {ending.get('code')} before the function returned",
        code="SCRIPT_EXITED",
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _size(count: int) -> str:
    return f"{count / 2**20:g} MiB" if count >= 2**20 else f"{count} bytes"
