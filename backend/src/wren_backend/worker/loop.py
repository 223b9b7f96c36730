"""The worker: claims queued runs and performs them, a few at a time, for as long as the process lives.

Every claim is a lease. One thread, the pulse, writes the output of running scripts and extends their leases; when a
lease is lost, its script is stopped and not reported.
"""

import itertools
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import structlog

from wren_backend.clock import Clock
from wren_backend.ids import new_token
from wren_backend.metrics import Metrics
from wren_backend.outages import Outage
from wren_backend.runs import lease_repository as leases
from wren_backend.runs import repository as runs
from wren_backend.runs.lease_repository import RunOutcome
from wren_backend.runs.models import Run, RunStatus
from wren_backend.storage.database import Database
from wren_backend.tenancy import repository as tenancy
from wren_backend.worker.journal import RunJournal
from wren_backend.worker.perform import ActiveRun, NotStarted, Performer
from wren_core.protocol.calls import CallRecord

log = structlog.get_logger()

_Written = TypeVar("_Written")

# A run queued by another process is noticed within this time; one of this process immediately.
_POLL_SECONDS = 0.5
_PULSE_SECONDS = 0.2
# Far below a usual lease, because a heartbeat also brings requests to cancel; for a short lease, a third of it.
_HEARTBEAT_SECONDS = 2.0
_HEARTBEATS_OF_LEASE = 3
_RECOVERY_SECONDS = 10.0
_HAND_BACK_SECONDS = 1.0


def share_of_workspace(concurrency: int, *, workspaces: int, configured: int | None) -> int:
    """Return how many runs of one workspace a worker performs at once.

    A workspace that is alone may use the whole worker; where there are others, half of it, so that runs that last
    long keep nothing from starting.
    """
    if configured is not None:
        return min(configured, concurrency)
    return concurrency if workspaces <= 1 else -(-concurrency // 2)


class Worker:
    """Performs up to `concurrency` runs at once.

    Args:
        performer: performs one.
        database: the queue.
        clock: dates claims and leases.
        metrics: counts runs.
        concurrency: how many runs at once.
        lease: how long a claimed run counts as alive without a heartbeat.
        per_workspace: how many runs of one workspace at once; by default as `share_of_workspace` has it.
    """

    def __init__(
        self,
        performer: Performer,
        *,
        database: Database,
        clock: Clock,
        metrics: Metrics,
        concurrency: int,
        lease: timedelta,
        per_workspace: int | None = None,
    ) -> None:
        self.name = f"worker-{new_token()[:12]}"
        self._performer = performer
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._lease = lease
        self._wake = threading.Semaphore(0)
        self._stopping = threading.Event()
        self._active: dict[str, ActiveRun] = {}
        self._lock = threading.Lock()
        self._per_workspace = per_workspace
        self._claiming = threading.Lock()
        self._claims = itertools.count(1)
        self._last_claims: dict[str, int] = {}
        self._threads = [
            threading.Thread(target=self._serve, name=f"wren-run-{number}", daemon=True)
            for number in range(concurrency)
        ]
        self._pulse_thread = threading.Thread(target=self._pulse, name="wren-pulse", daemon=True)

    def start(self) -> None:
        """Begin to claim runs; first mark those of dead workers as lost."""
        self._recover()
        for thread in [*self._threads, self._pulse_thread]:
            thread.start()

    def wake(self) -> None:
        """Look for a queued run now instead of at the next poll."""
        self._wake.release()

    def is_alive(self) -> bool:
        """Tell whether runs are claimed and leases extended."""
        return all(thread.is_alive() for thread in [*self._threads, self._pulse_thread])

    def stop(self, *, grace: timedelta) -> None:
        """Stop claiming, let running scripts finish within `grace`, then stop them."""
        self._stopping.set()
        for _ in self._threads:
            self._wake.release()
        deadline = time.monotonic() + grace.total_seconds()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for active in self._running():
            active.journal.say("stopped: the worker shuts down")
            active.cancel.set()
        for thread in [*self._threads, self._pulse_thread]:
            thread.join(10.0)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                run = self._claim()
            except Exception as exc:
                log.error("worker.claim_failed", worker=self.name, exc_info=exc)
                run = None
                self._stopping.wait(_POLL_SECONDS)
            if run is None:
                self._wake.acquire(timeout=_POLL_SECONDS)
            else:
                self._perform(run)

    def _claim(self) -> Run | None:
        # One at a time, so that the runs counted are all there are of this worker.
        with self._claiming, self._database.writing() as session:
            run = leases.claim_next(
                session,
                self.name,
                lease=self._lease,
                now=self._clock.now(),
                most=share_of_workspace(
                    len(self._threads), workspaces=tenancy.count_workspaces(session), configured=self._per_workspace
                ),
                last_claims=self._last_claims,
            )
            if run is not None:
                self._last_claims[run.workspace_id] = next(self._claims)
            if run is not None and run.lease_token is not None:
                leases.record_isolation(session, run.id, run.lease_token, isolation=self._performer.executor.isolation)
        return run

    def _perform(self, run: Run) -> None:
        active = ActiveRun(run=run, journal=self._journal(run))
        with self._lock:
            self._active[run.id] = active
        self._metrics.running.inc()
        log.info("run.started", run_id=run.id, deployment_id=run.deployment_id, correlation_id=run.correlation_id)
        try:
            self._perform_once(active)
        except Exception as exc:
            log.error("run.not_recorded", run_id=run.id, correlation_id=run.correlation_id, exc_info=exc)
        finally:
            with self._lock:
                del self._active[run.id]
            self._metrics.running.dec()

    def _perform_once(self, active: ActiveRun) -> None:
        try:
            outcome = self._performer.perform(active)
        except NotStarted as exc:
            log.warning("run.handed_back", run_id=active.run.id, reason=str(exc), exc_info=exc)
            active.ended.set()
            self._persist(lambda: self._hand_back(active.run))
            self._stopping.wait(_HAND_BACK_SECONDS)  # what was missing is missing for the next run as well
        else:
            self._finish(active, outcome)

    def _hand_back(self, run: Run) -> Run | None:
        with self._database.writing() as session:
            return leases.hand_back(session, run.id, run.lease_token or "", now=self._clock.now())

    def _journal(self, run: Run) -> RunJournal:
        return RunJournal(run, database=self._database, clock=self._clock, count=self._count_call)

    def _count_call(self, call: CallRecord) -> None:
        # The names come from the script: only those that exist become labels, so their number stays small.
        known = call.integration in self._performer.registry
        outcome = "ok" if call.outcome == "ok" else "error"
        self._metrics.calls.labels(integration=call.integration if known else "unknown", outcome=outcome).inc()

    def _finish(self, active: ActiveRun, outcome: RunOutcome) -> None:
        run, finished = active.run, self._persist(lambda: self._record(active, outcome))
        if finished is None:
            log.warning("run.report_refused", run_id=run.id, correlation_id=run.correlation_id)
            return
        self._count(finished)
        log.info(
            "run.finished",
            run_id=run.id,
            status=finished.status,
            code=(finished.error or {}).get("code"),
            duration_ms=round(finished.duration.total_seconds() * 1000) if finished.duration else None,
            correlation_id=run.correlation_id,
        )

    def _record(self, active: ActiveRun, outcome: RunOutcome) -> Run | None:
        active.journal.close()
        active.ended.set()
        run, now = active.run, self._clock.now()
        with self._database.writing() as session:
            return leases.finish(session, run.id, run.lease_token or "", outcome, now=now)

    def _persist(self, write: Callable[[], _Written]) -> _Written:
        """Write what only this process knows; a database that does not answer is retried for the length of a lease."""
        deadline = time.monotonic() + self._lease.total_seconds()
        while True:
            try:
                return write()
            except Outage:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_POLL_SECONDS)

    def _count(self, run: Run) -> None:
        self._metrics.runs.labels(trigger=run.trigger_type, status=run.status).inc()
        if run.duration is not None:
            self._metrics.run_seconds.observe(run.duration.total_seconds())
        if run.scheduled_for is not None and run.started_at is not None:
            self._metrics.lateness.observe(max(0.0, (run.started_at - run.scheduled_for).total_seconds()))

    def _pulse(self) -> None:
        beat = recover = time.monotonic()
        pause = min(_HEARTBEAT_SECONDS, self._lease.total_seconds() / _HEARTBEATS_OF_LEASE)
        while not self._stopping.is_set() or self._running():
            now = time.monotonic()
            try:
                self._flush()
                if now - beat >= pause:
                    beat = now
                    self._beat()
                if now - recover >= _RECOVERY_SECONDS:
                    recover = now
                    self._recover()
            except Exception as exc:
                log.error("worker.pulse_failed", worker=self.name, exc_info=exc)
            time.sleep(_PULSE_SECONDS)

    def _flush(self) -> None:
        for active in self._running():
            if not active.journal.flush_batch():  # one of each run in turn
                active.cancel.set()

    def _beat(self) -> None:
        for active in self._running():
            with self._database.writing() as session:
                answer = leases.heartbeat(
                    session, active.run.id, active.run.lease_token or "", lease=self._lease, now=self._clock.now()
                )
            if answer is None and active.ended.is_set():  # no loss; a real one is reported where the end is recorded
                continue
            if answer is None:
                log.warning("run.lease_lost", run_id=active.run.id, correlation_id=active.run.correlation_id)
            if answer is None or answer.is_cancel_requested:
                active.cancel.set()

    def _recover(self) -> None:
        with self._database.writing() as session:
            lost = leases.recover_expired(session, now=self._clock.now())
        for run in lost:
            self._metrics.runs.labels(trigger=run.trigger_type, status=RunStatus.LOST).inc()
            log.error("run.lost", run_id=run.id, worker=run.worker, correlation_id=run.correlation_id)
        with self._database.reading() as session:
            self._metrics.queued.set(runs.queue_statistics(session).queued)

    def _running(self) -> list[ActiveRun]:
        with self._lock:
            return list(self._active.values())
