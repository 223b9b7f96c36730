"""The scheduler: turns due triggers into queued runs. APScheduler wakes it; the trigger table decides."""

import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from wren_backend.clock import Clock
from wren_backend.metrics import Metrics
from wren_backend.runs.models import Run
from wren_backend.scheduler.firing import fire
from wren_backend.storage.database import Database
from wren_backend.triggers import repository as triggers
from wren_backend.triggers.kind import FirePlan
from wren_backend.triggers.models import Trigger
from wren_backend.triggers.supported import SUPPORTED_TRIGGERS
from wren_core.errors import WrenError

log = structlog.get_logger()

TICK = timedelta(seconds=1)
HOUSEKEEPING = timedelta(minutes=1)
# Ticks come every second; after this long without a good one the readiness check fails.
_SILENCE = timedelta(seconds=30)


class Scheduler:
    """Fires schedules. Any number of them may run over one database: each fire time gets one run.

    Args:
        database: where triggers and runs live.
        clock: tells the time.
        metrics: counts missed fire times.
        wake: called after runs were queued, so that the worker does not wait for its next poll.
        housekeeping: called every minute.
        batch: due triggers read at once; a tick reads batch after batch until nothing is due.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        metrics: Metrics,
        wake: Callable[[], None],
        housekeeping: Callable[[], None] = lambda: None,
        batch: int = 200,
    ) -> None:
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._wake = wake
        self._housekeeping = housekeeping
        self._batch = batch
        self._last_good_tick = time.monotonic()
        self._timer = BackgroundScheduler(timezone="UTC")

    def start(self) -> None:
        """Tick every second, in a thread."""
        self._last_good_tick = time.monotonic()
        self._timer.add_job(
            self._tick_safely, IntervalTrigger(seconds=TICK.total_seconds()), max_instances=1, coalesce=True
        )
        self._timer.add_job(
            self._housekeeping, IntervalTrigger(seconds=HOUSEKEEPING.total_seconds()), max_instances=1, coalesce=True
        )
        self._timer.start()

    def is_alive(self) -> bool:
        """Tell whether schedules fire: the timer runs, and its last good tick is recent."""
        return bool(self._timer.running) and time.monotonic() - self._last_good_tick < _SILENCE.total_seconds()

    def stop(self) -> None:
        """Stop ticking; return when a tick that has begun has ended."""
        if self._timer.running:
            self._timer.shutdown(wait=True)

    def tick(self) -> int:
        """Fire what is due now and return how many runs were queued.

        A trigger that fails stays due for the next tick and does not keep others from firing.
        """
        queued, stuck = 0, set[str]()
        while batch := self._due(stuck):
            for trigger in batch:
                try:
                    queued += self._fire(trigger)
                except Exception as exc:  # the boundary of one trigger: the others are due as well
                    stuck.add(trigger.id)
                    log.error("trigger.not_fired", trigger_id=trigger.id, exc_info=exc)
            if len(batch) < self._batch:
                break
        if queued:
            self._wake()
        return queued

    def _due(self, stuck: Collection[str]) -> list[Trigger]:
        with self._database.reading() as session:
            found = triggers.due(session, now=self._clock.now(), limit=self._batch + len(stuck))
        return [trigger for trigger in found if trigger.id not in stuck]

    def _fire(self, trigger: Trigger) -> int:
        now = self._clock.now()
        try:
            plan = _plan_fires(trigger, now)
        except (WrenError, KeyError, StopIteration) as exc:
            self._stop_broken(trigger, exc, now)
            return 0
        with self._database.writing() as session:
            queued = fire(session, trigger, plan, now=now)
        if queued is None:
            return 0
        self._report(trigger, plan, queued)
        return len(queued)

    def _report(self, trigger: Trigger, plan: FirePlan, queued: list[Run]) -> None:
        self._metrics.missed.inc(plan.missed)
        log.info(
            "trigger.fired",
            trigger_id=trigger.id,
            deployment_id=trigger.deployment_id,
            runs=[{"run_id": run.id, "correlation_id": run.correlation_id} for run in queued],
            missed=plan.missed,
            next_fire_at=plan.next_fire_at and plan.next_fire_at.isoformat(),
        )

    def _stop_broken(self, trigger: Trigger, exc: Exception, now: datetime) -> None:
        message = f"the next fire time cannot be computed: {exc}"
        error = {"type": "AgentFixableError", "code": "SCHEDULE_BROKEN", "message": message}
        with self._database.writing() as session:
            triggers.stop(session, trigger, error=error, now=now)
        log.error("trigger.stopped", trigger_id=trigger.id, deployment_id=trigger.deployment_id, reason=message)

    def _tick_safely(self) -> None:
        try:
            self.tick()
            self._last_good_tick = time.monotonic()
        except Exception as exc:
            log.error("scheduler.tick_failed", exc_info=exc)


def _plan_fires(trigger: Trigger, now: datetime) -> FirePlan:
    if trigger.next_fire_at is None:
        raise KeyError("next_fire_at")
    return SUPPORTED_TRIGGERS[trigger.type].plan(trigger.config, due_at=trigger.next_fire_at, now=now)
