"""One launch with everything that listens to it, and the outcome that comes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wren_backend.executor.conversation import Conversation, OnCall
from wren_backend.executor.frames import MetadataFrame, ResultFrame
from wren_backend.executor.masking import Masker
from wren_backend.executor.output import OnOutput, OutputMeter, OutputStream
from wren_backend.executor.port import Job, Launch, Outcome, RunStatus
from wren_backend.executor.request_server import ServeRequest
from wren_backend.executor.session import Session
from wren_backend.executor.verdict import Evidence, judge
from wren_core.errors import WrenError


@dataclass(frozen=True, kw_only=True)
class Observers:
    """Who hears what while a run goes on."""

    on_output: OnOutput
    on_call: OnCall
    serve_request: ServeRequest
    is_cancelled: Callable[[], bool]


class Recording:
    """Listens to one Launch from its first byte to its last."""

    def __init__(self, launch: Launch, job: Job, observers: Observers) -> None:
        self._job = job
        self._observers = observers
        masker = Masker(job.secrets)
        limits = job.limits
        self._meter = OutputMeter(keep_bytes=limits.output_bytes, budget_bytes=limits.output_budget_bytes)
        self._conversation = Conversation(
            launch.channel,
            serve_request=observers.serve_request,
            on_call=observers.on_call,
            masker=masker,
            correlation_id=job.correlation_id,
        )
        self._streams = {
            launch.stdout: OutputStream("stdout", masker=masker, meter=self._meter, on_output=observers.on_output),
            launch.stderr: OutputStream("stderr", masker=masker, meter=self._meter, on_output=observers.on_output),
        }
        self._session = Session(launch, self._conversation, streams=self._streams)

    def run(self, message: Mapping[str, Any]) -> Evidence:
        """Do the job of `message`; returns when no process of the launch is left."""
        return self._session.run(
            message, limits=self._job.limits, meter=self._meter, is_cancelled=self._observers.is_cancelled
        )

    def outcome(self, evidence: Evidence, *, isolation: str, duration: timedelta) -> Outcome:
        """Return the outcome of what was seen."""
        verdict = judge(evidence, self._job.limits)
        return Outcome(
            status=verdict.status,
            isolation=isolation,
            result=_result(evidence) if verdict.status is RunStatus.SUCCESS else None,
            error=_wire(verdict.error, self._job.correlation_id),
            calls=tuple(self._conversation.calls),
            calls_dropped=self._conversation.calls_dropped,
            output_bytes=self._meter.total,
            truncated=any(stream.truncated for stream in self._streams.values()),
            exit_code=evidence.ending.get("code"),
            signal=evidence.ending.get("signal"),
            duration=duration,
        )


def _result(evidence: Evidence) -> Any:
    if isinstance(evidence.answer, ResultFrame):
        return evidence.answer.value
    return evidence.answer.metadata if isinstance(evidence.answer, MetadataFrame) else None


def _wire(error: WrenError | Mapping[str, Any] | None, correlation_id: str) -> dict[str, Any] | None:
    if isinstance(error, WrenError):
        return error.to_wire(correlation_id or None)
    if error is not None:
        return {**error, "correlation_id": correlation_id} if correlation_id else dict(error)
    return None
