"""Builds the scheduler."""

from collections.abc import Callable

from wren_backend.ground import Ground
from wren_backend.scheduler.housekeeping import Housekeeping
from wren_backend.scheduler.loop import Scheduler
from wren_backend.scheduler.retention import Keep, Retention


def build_scheduler(ground: Ground, *, keep_connections: Callable[[], object], wake: Callable[[], None]) -> Scheduler:
    """Return the scheduler; it is not started.

    Args:
        ground: what every feature is built on.
        keep_connections: the chore of connections.
        wake: tells the worker of queued runs.
    """
    keep = Keep(**ground.settings.keep.model_dump())
    housekeeping = Housekeeping(
        database=ground.database,
        clock=ground.clock,
        keep_connections=keep_connections,
        retention=Retention(database=ground.database, clock=ground.clock, keep=keep),
    )
    return Scheduler(
        database=ground.database,
        clock=ground.clock,
        metrics=ground.metrics,
        wake=wake,
        housekeeping=housekeeping.run,
    )
