"""Builds the use cases of runs."""

from wren_backend.ground import Ground
from wren_backend.runs.feeds import RunFeeds
from wren_backend.runs.service import RunService


def build_runs(ground: Ground) -> RunService:
    """Return the use cases of runs."""
    return RunService(
        database=ground.database, clock=ground.clock, cursors=ground.cursors, feeds=RunFeeds(ground.database)
    )
