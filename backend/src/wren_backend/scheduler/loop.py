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
from wren_backend.scheduler.due import FirePlan, misfire_of, plan_fires
from wren_backend.storage.database import Database
from wren_backend.triggers import repository as triggers
from wren_backend.triggers.models import Trigger
from wren_core.contract.events import ScheduleTick
from wren_core.errors import WrenError
from wren_core.schedule import CronSchedule

log = structlog.get_logger()

TICK = timedelta(seconds=1)
HOUSEKEEPING = timedelta(minutes=1)
# Ticks come every second; a database that is away for this long is somebody's business.
_SILENCE = timedelta(seconds=30)


class Scheduler:
    """Fires schedules. Any number of them may run over one database: each fire time gets one run.

    Args:
        database: where triggers and runs live.
        clock: tells the time.
        metrics: counts missed fire times.
        wake: called after runs were queued, to spare the worker a poll.
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
        """Tick every second from now on, in a thread."""
        self._last_good_tick = time.monotonic()
        self._timer.add_job(
            self._guarded_tick, IntervalTrigger(seconds=TICK.total_seconds()), max_instances=1, coalesce=True
        )
        self._timer.add_job(
            self._housekeeping, IntervalTrigger(seconds=HOUSEKEEPING.total_seconds()), max_instances=1, coalesce=True
        )
        self._timer.start()

    def is_alive(self) -> bool:
        """Tell whether schedules fire: ticks come, and the last one that went well is not long ago."""
        return bool(self._timer.running) and time.monotonic() - self._last_good_tick < _SILENCE.total_seconds()

    def stop(self) -> None:
        """Stop ticking; returns when the tick that may be under way has ended."""
        if self._timer.running:
            self._timer.shutdown(wait=True)

    def tick(self) -> int:
        """Fire whatever is due now and return how many runs were queued.

        A trigger that cannot be fired now stays due for the next tick, and keeps no other from firing.
        """
        queued, stuck = 0, set[str]()
        while batch := self._due(stuck):
            for trigger in batch:
                try:
                    queued += self._fire(trigger)
                except Exception as exc:  # the boundary of one trigger: the others are due, too
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
            plan = _plan(trigger, now)
        except (WrenError, KeyError, StopIteration) as exc:
            self._stop_broken(trigger, exc, now)
            return 0
        fires = [triggers.Fire(scheduled_for=at, event=_event(trigger, at, now)) for at in plan.fire]
        with self._database.writing() as session:
            runs = triggers.fire(
                session, trigger, fires=fires, next_fire_at=plan.next_fire_at, missed=plan.missed, now=now
            )
        if runs is None:
            return 0
        self._report(trigger, plan, runs)
        return len(runs)

    def _report(self, trigger: Trigger, plan: FirePlan, queued: list[Run]) -> None:
        self._metrics.missed.inc(plan.missed)
        log.info(
            "trigger.fired",
            trigger_id=trigger.id,
            deployment_id=trigger.deployment_id,
            runs=[{"run_id": run.id, "correlation_id": run.correlation_id} for run in queued],
            missed=plan.missed,
            next_fire_at=plan.next_fire_at.isoformat(),
        )

    def _stop_broken(self, trigger: Trigger, exc: Exception, now: datetime) -> None:
        message = f"the schedule cannot be computed any more: {exc}"
        error = {"type": "AgentFixableError", "code": "SCHEDULE_BROKEN", "message": message}
        with self._database.writing() as session:
            triggers.stop(session, trigger, error=error, now=now)
        log.error("trigger.stopped", trigger_id=trigger.id, deployment_id=trigger.deployment_id, reason=message)

    def _guarded_tick(self) -> None:
        try:
            self.tick()
            self._last_good_tick = time.monotonic()
        except Exception as exc:
            log.error("scheduler.tick_failed", exc_info=exc)


def _plan(trigger: Trigger, now: datetime) -> FirePlan:
    if trigger.next_fire_at is None:
        raise KeyError("next_fire_at")
    schedule = CronSchedule.parse(trigger.config["cron"], trigger.config.get("timezone", "UTC"))
    return plan_fires(schedule, due_at=trigger.next_fire_at, now=now, misfire=misfire_of(trigger.config))


def _event(trigger: Trigger, scheduled_for: datetime, now: datetime) -> dict[str, object]:
    tick = ScheduleTick(
        scheduled_for=scheduled_for,
        fired_at=now,
        cron=trigger.config["cron"],
        timezone=trigger.config.get("timezone", "UTC"),
    )
    return tick.model_dump(mode="json")
