"""Runs scripts: one process tree per run, in a sandbox, within limits, its output masked."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from wren_backend.executor.execution import Execution, Observers, OnCall
from wren_backend.executor.folders import run_folder
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.output import OnNotice, OnOutput
from wren_backend.executor.port import Confinement, Launch, Outcome, Sandbox
from wren_backend.executor.request_server import Served, ServeRequest
from wren_backend.outages import find_exhaustion
from wren_core.errors import HostUnavailable, WrenError, error_from_wire
from wren_core.protocol.findings import ScriptFinding
from wren_core.protocol.jobs import DescribeJob, Job, RunJob


@dataclass(frozen=True, kw_only=True)
class Description:
    """What the check of a script found."""

    metadata: dict[str, Any] | None
    """None where it could not be imported; the findings say why."""
    findings: tuple[ScriptFinding, ...] = ()
    """In the order of the script."""

    @property
    def errors(self) -> tuple[ScriptFinding, ...]:
        """The findings that keep the script from being deployed."""
        return tuple(item for item in self.findings if item.severity == "error")


Cancel = threading.Event | Callable[[], bool]

DESCRIBE_LIMITS = Limits(wall=timedelta(seconds=20), output_bytes=0, output_budget_bytes=2**20)
_log = structlog.get_logger(__name__)


class Executor:
    """Runs and describes scripts in `sandbox`, each in its own folder below `runs_root`.

    Args:
        sandbox: what confines them.
        runs_root: where their folders are.
        env: variables of every script; they win over those of its job. No secrets.
    """

    def __init__(self, sandbox: Sandbox, *, runs_root: Path, env: Mapping[str, str] | None = None) -> None:
        self._sandbox = sandbox
        self._runs_root = runs_root
        self._env = dict(env or {})

    @property
    def isolation(self) -> str:
        """Name of the sandbox, as every run shows it."""
        return self._sandbox.isolation

    def run(
        self,
        job: RunJob,
        confinement: Confinement,
        *,
        secrets: Iterable[str] = (),
        on_output: OnOutput,
        on_call: OnCall,
        serve_request: ServeRequest,
        cancel: Cancel | None = None,
        on_notice: OnNotice = lambda _text: None,
    ) -> Outcome:
        """Run one function and return once no process of it is left.

        `on_output` and `on_call` are called in the calling thread; `serve_request` in a separate thread.

        Args:
            job: what to run.
            confinement: what it may use and reach.
            secrets: values that are masked in everything that comes out.
            on_output: gets the output, masked.
            on_call: gets every method call.
            serve_request: answers what the script asks of the platform.
            cancel: stops the run once it is set.
            on_notice: gets lines of the platform about the run, in the calling thread.
        """
        observers = Observers(
            on_output=on_output,
            on_call=on_call,
            serve_request=serve_request,
            is_cancelled=_as_callable(cancel),
            on_notice=on_notice,
        )
        return self._perform(job, confinement, observers, secrets)

    def describe(self, job: DescribeJob, *, limits: Limits = DESCRIBE_LIMITS) -> Description:
        """Check and import a script, without network, credentials or host; return its metadata and the findings.

        Args:
            job: the script, and what is configured for its user; no secrets.
            limits: what the check may use.

        Raises:
            WrenError: the import could not be performed to its end; `details` holds file, line and traceback where
                they are known.
        """
        outcome = self._perform(job, Confinement(limits=limits), _NO_OBSERVERS, ())
        findings = tuple(sorted(outcome.findings, key=lambda item: (item.line or 0, item.column or 0)))
        if outcome.error is None:
            return Description(metadata=dict(outcome.result), findings=findings)
        if any(finding.severity == "error" for finding in findings):
            return Description(metadata=None, findings=findings)
        raise _as_exception(outcome.error)

    def _perform(self, job: Job, confinement: Confinement, observers: Observers, secrets: Iterable[str]) -> Outcome:
        started = time.monotonic()
        with ExitStack() as stack:
            launch = self._launch(confinement, stack)
            execution = Execution(
                launch,
                limits=confinement.limits,
                secrets=secrets,
                correlation_id=job.correlation_id,
                observers=observers,
            )
            execution.run(replace(job, env={**job.env, **self._env}))
        duration = timedelta(seconds=time.monotonic() - started)
        outcome = execution.outcome(isolation=self.isolation, duration=duration)
        if outcome.survivors:
            _log.error("run.processes_survived", run_id=job.run_id, correlation_id=job.correlation_id)
        return outcome

    def _launch(self, confinement: Confinement, stack: ExitStack) -> Launch:
        """Start the runner in a new folder.

        Raises:
            ServerExhausted: the machine has no room for it; nothing has run.
        """
        try:
            folder = stack.enter_context(run_folder(self._runs_root))
            return self._sandbox.launch(confinement, folder=folder)
        except OSError as exc:
            if exhausted := find_exhaustion(exc):
                raise exhausted from exc
            raise


def _refuse_request(operation: str, _payload: Mapping[str, Any]) -> Served:
    raise HostUnavailable(f"{operation!r} is not served while a script is only being read")


_NO_OBSERVERS = Observers(
    on_output=lambda _stream, _text: None,
    on_call=lambda _call: None,
    serve_request=_refuse_request,
    is_cancelled=lambda: False,
)


def _as_exception(error: Mapping[str, Any]) -> WrenError:
    place = {name: error[name] for name in ("file", "line", "column", "traceback") if error.get(name) is not None}
    told = _drop_links(error)
    return error_from_wire(
        {**told, "message": _placed_message(error), "details": {**(told.get("details") or {}), **place}}
    )


def _drop_links(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error without links: a script that is only described has no connections, so Wren gave it none."""
    kept = {name: value for name, value in error.items() if name not in ("action_url", "docs_url")}
    details = dict(error.get("details") or {})
    if isinstance(details.get("problems"), list):
        details["problems"] = [_drop_links(item) for item in details["problems"] if isinstance(item, Mapping)]
    return {**kept, "details": details} if details else kept


def _placed_message(error: Mapping[str, Any]) -> str:
    """Return the message with the line to look at: its reader may read nothing else."""
    message, file, line = str(error.get("message")), error.get("file"), error.get("line")
    if not file or not line or str(file) in message:
        return message
    return f"{file}:{line}: {message}"


def _as_callable(cancel: Cancel | None) -> Callable[[], bool]:
    if cancel is None:
        return lambda: False
    return cancel.is_set if isinstance(cancel, threading.Event) else cancel
