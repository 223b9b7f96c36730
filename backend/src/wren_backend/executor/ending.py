"""How an execution ended, decided from the evidence: pure functions, no process and no socket."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.launcher.report import Report
from wren_backend.executor.port import OutcomeStatus
from wren_backend.executor.sizes import format_size
from wren_core.errors import AgentFixableError, InternalError, WrenError
from wren_core.protocol.frames import Answer, ErrorFrame, MetadataFrame, ResultFrame

_STOPPED = frozenset({"RUN_TIMEOUT", "SCRIPT_CRASHED", "SCRIPT_EXITED", "CHANNEL_VIOLATION", "SANDBOX_FAILED"})


@dataclass(kw_only=True)
class Evidence:
    """What was observed of an execution; filled while it runs."""

    answer: Answer | None = None
    violation: str | None = None
    output_over_budget: bool = False
    cancelled: bool = False
    report: Report | None = None
    """The launcher's last one; None when it died without a report."""

    @property
    def value(self) -> Any:
        """Return the result or the metadata that the runner sent, or None."""
        if isinstance(self.answer, ResultFrame):
            return self.answer.value
        return self.answer.metadata if isinstance(self.answer, MetadataFrame) else None


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Status, and an error unless it is a success."""

    status: OutcomeStatus
    error: WrenError | Mapping[str, Any] | None = None

    def to_wire(self, correlation_id: str) -> dict[str, Any] | None:
        """Return the wire form of the error."""
        if isinstance(self.error, WrenError):
            return self.error.to_wire(correlation_id or None)
        if self.error is None:
            return None
        return {**self.error, "correlation_id": correlation_id} if correlation_id else dict(self.error)


def decide_ending(evidence: Evidence, limits: Limits) -> Ending:
    """Decide how the execution ended; what the platform did takes precedence over what the script sent."""
    if evidence.cancelled:
        error = AgentFixableError("the run was cancelled", code="CANCELLED")
        return Ending(status=OutcomeStatus.CANCELLED, error=error)
    if evidence.report is not None and evidence.report.event == "timeout":
        return Ending(status=OutcomeStatus.TIMEOUT, error=_timeout(limits))
    return _decide_ended(evidence, limits)


def was_stopped(error: Mapping[str, Any]) -> bool:
    """Tell whether the platform ended a run or refused it something: the log says so too, not the run alone."""
    details = error.get("details")
    is_refusal = isinstance(details, Mapping) and "refused_by" in details
    return is_refusal or error.get("code") in _STOPPED or str(error.get("code")).endswith("_LIMIT_EXCEEDED")


def _decide_ended(evidence: Evidence, limits: Limits) -> Ending:
    failure = _platform_failure(evidence, limits)
    if failure is not None:
        return Ending(status=OutcomeStatus.FAILED, error=failure)
    if isinstance(evidence.answer, ErrorFrame):
        return Ending(status=OutcomeStatus.FAILED, error=evidence.answer.error.to_wire())
    report = evidence.report or Report(event="exit")
    if evidence.answer is None or report.code != 0:
        return Ending(status=OutcomeStatus.FAILED, error=_ended_without_result(report))
    return Ending(status=OutcomeStatus.SUCCESS)


def _platform_failure(evidence: Evidence, limits: Limits) -> WrenError | None:
    report = evidence.report or Report(event="failure", message="it ended without a report")
    if evidence.violation is not None:
        return AgentFixableError(
            f"the script interfered with the channel to the platform: {evidence.violation}; leave descriptors alone "
            "that the script did not open",
            code="CHANNEL_VIOLATION",
        )
    if evidence.output_over_budget:
        return AgentFixableError(
            f"the script wrote more than {format_size(limits.output_budget_bytes)} to stdout and stderr and was "
            f"stopped; write less, {_ask_for('OUTPUT_BUDGET_BYTES')}",
            code="OUTPUT_LIMIT_EXCEEDED",
        )
    if report.event == "breach":
        return _breach(report.limit, limits)
    if report.event == "exit":
        return None
    return InternalError(
        f"the sandbox failed: {report.message or report.event}; the server's log has more, and the operator can help",
        code="SANDBOX_FAILED",
    )


def _breach(limit: str, limits: Limits) -> WrenError:
    texts = {
        "memory": f"the script's processes together used more than {format_size(limits.memory_bytes)} of memory, "
        "page tables, shared mappings and buffers of sockets included, and were stopped; hold less at a time, "
        + _ask_for("MEMORY_BYTES"),
        "threads": f"the script's processes together ran more than {limits.threads} threads at a time and were "
        f"stopped; start fewer, {_ask_for('THREADS')}",
        "disk": f"the script's folder held more than {format_size(limits.disk_bytes)} or {limits.disk_entries} files, "
        "deleted ones that are still open included, and the script was stopped; write less or delete what is done "
        f"with, {_ask_for('DISK_BYTES')} or WREN_LIMITS__DISK_ENTRIES",
    }
    return AgentFixableError(texts[limit], code=f"{limit.upper()}_LIMIT_EXCEEDED")


def _timeout(limits: Limits) -> WrenError:
    return AgentFixableError(
        f"the run did not end within {limits.wall.total_seconds():g} s and was stopped; do less per run, "
        + _ask_for("WALL"),
        code="RUN_TIMEOUT",
    )


def _ask_for(setting: str) -> str:
    return f"or ask the operator to raise WREN_LIMITS__{setting}"


def _ended_without_result(report: Report) -> WrenError:
    if report.signal is not None:
        reason = _SIGNALS.get(report.signal, "a crash in native code, or a signal of the script itself")
        return AgentFixableError(
            f"the script's process was ended by {_signal_name(report.signal)}: {reason}", code="SCRIPT_CRASHED"
        )
    return AgentFixableError(
        f"the script's process ended with exit code {report.code} before the function returned; return from it "
        "instead of calling os._exit or exec",
        code="SCRIPT_EXITED",
    )


_SIGNALS = {
    int(
        signal.SIGKILL
    ): "no limit of the sandbox was broken, so either the script did it itself, or the machine ran out "
    "of memory and the kernel chose this process; the operator finds that in the kernel's log",
    int(getattr(signal, "SIGSYS", 31)): "the sandbox ends a process that makes system calls of another architecture",
    int(getattr(signal, "SIGXFSZ", 25)): "a file grew beyond what one file may hold; write smaller files, "
    + _ask_for("FILE_BYTES"),
    int(getattr(signal, "SIGXCPU", 24)): "the machine limits the processor time of a process; do less per run",
}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
