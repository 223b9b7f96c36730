"""Wire shapes of runs and their logs."""

from typing import Any

from pydantic import Field

from wren_backend.http.wire import ResponseBody, Timestamp
from wren_backend.runs.cost_repository import RunCost
from wren_backend.runs.models import AICall, Run, RunCall, RunLog, RunStatus
from wren_backend.runs.money import in_usd


class RunRead(ResponseBody):
    """One run as lists show it."""

    run_id: str
    deployment_id: str
    trigger: str
    status: RunStatus
    created_at: Timestamp
    started_at: Timestamp | None
    completed_at: Timestamp | None
    duration_ms: int | None
    logs_url: str
    func: str
    version: int
    isolation: str | None
    correlation_id: str

    @classmethod
    def of(cls, run: Run) -> "RunRead":
        """Shape a row."""
        return cls(**_fields(run))


class CallRead(ResponseBody):
    """One method call of a run."""

    integration: str
    account: str | None = Field(description="Alias of the connection it used, where that is known")
    method: str
    ms: float
    outcome: str

    @classmethod
    def of(cls, call: RunCall) -> "CallRead":
        """Shape a row."""
        return cls(
            integration=call.integration, account=call.account, method=call.method, ms=call.ms, outcome=call.outcome
        )


class AICallRead(ResponseBody):
    """One call of a model that a run made."""

    integration: str
    model: str
    outcome: str
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    images: int
    is_estimated: bool
    cost_usd: float
    at: Timestamp

    @classmethod
    def of(cls, row: AICall) -> "AICallRead":
        """Shape a row."""
        values = {name: getattr(row, name) for name in cls.model_fields if name != "cost_usd"}
        return cls(**values, cost_usd=in_usd(row.nano_usd))


class RunDetail(RunRead):
    """One run with its result or error and the calls it made."""

    result: Any
    error: dict[str, Any] | None
    calls: list[CallRead] = Field(description="Its method calls, oldest first; a thousand at most")
    calls_total: int = Field(description="How many method calls were recorded")
    ai_cost_usd: float = Field(description="Cost of the models it called, in US dollars")
    ai_calls: list[AICallRead] = Field(description="Its calls of models, oldest first; a thousand at most")
    log_truncated: bool

    @classmethod
    def from_parts(cls, run: Run, calls: list[RunCall], cost: RunCost) -> "RunDetail":
        """Shape a row, its calls and what it cost."""
        return cls(
            **_fields(run),
            result=run.result,
            error=run.error,
            calls=[CallRead.of(call) for call in calls],
            calls_total=run.calls,
            ai_cost_usd=in_usd(cost.nano_usd),
            ai_calls=[AICallRead.of(call) for call in cost.calls],
            log_truncated=run.log_truncated,
        )


class RunList(ResponseBody):
    """Runs, newest first; `next_cursor` asks for the following page."""

    runs: list[RunRead]
    next_cursor: str | None = None


class LogLineRead(ResponseBody):
    """One line a run wrote."""

    seq: int
    stream: str
    text: str
    at: Timestamp

    @classmethod
    def of(cls, line: RunLog) -> "LogLineRead":
        """Shape a row."""
        return cls(seq=line.seq, stream=line.stream, text=line.text, at=line.at)


class LogList(ResponseBody):
    """Lines of a run; `next_seq` is the `after` of the next request."""

    run_id: str
    logs: list[LogLineRead]
    next_seq: int


def _fields(run: Run) -> dict[str, Any]:
    duration = run.duration
    return {
        "run_id": run.id,
        "deployment_id": run.deployment_id,
        "trigger": run.trigger_type,
        "status": run.status,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "duration_ms": None if duration is None else round(duration.total_seconds() * 1000),
        "logs_url": f"/v1/runs/{run.id}/logs",
        "func": run.func,
        "version": run.version,
        "isolation": run.isolation,
        "correlation_id": run.correlation_id,
    }
