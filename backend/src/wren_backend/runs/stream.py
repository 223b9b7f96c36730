"""A run's log as it grows, as server-sent events: `log` for each line, `status` for each change, then `end`."""

import asyncio
from collections.abc import AsyncIterator, Callable

from sse_starlette import ServerSentEvent
from starlette.concurrency import run_in_threadpool

from wren_backend.runs.models import RunStatus
from wren_backend.runs.schemas import LogLineRead, RunDetail, RunRead
from wren_backend.runs.service import MAX_LOG_LINES, RunService
from wren_backend.tenancy.auth import Subject

# Fast enough to look live; each poll costs one indexed read.
_POLL_SECONDS = 0.3


async def follow(
    service: RunService, subject: Subject, run_id: str, *, after: int, is_allowed: Callable[[], bool]
) -> AsyncIterator[ServerSentEvent]:
    """Yield events until the run has ended and its last line was sent, or the reader's key was revoked.

    Args:
        service: reads the run.
        subject: the reader.
        run_id: the run.
        after: number of the last line the reader has; each `log` event carries its number as id.
        is_allowed: called before each read; False ends the stream.
    """
    status: RunStatus | None = None
    while await run_in_threadpool(is_allowed):
        run, lines = await run_in_threadpool(service.logs, subject, run_id, after=after)
        if run.status is not status and not run.status.is_final:  # before the lines that follow the change
            status = run.status
            yield ServerSentEvent(event="status", data=RunRead.of(run).model_dump_json())
        for line in lines:
            after = line.seq
            yield ServerSentEvent(event="log", id=str(line.seq), data=LogLineRead.of(line).model_dump_json())
        if run.status.is_final and len(lines) < MAX_LOG_LINES:
            # With its result or error, so that the reader need not ask again: the server may stop meanwhile.
            ended = RunDetail.from_parts(*await run_in_threadpool(service.get, subject, run_id))
            yield ServerSentEvent(event="status", data=ended.model_dump_json())
            yield ServerSentEvent(event="end", data="{}")
            return
        if len(lines) < MAX_LOG_LINES:
            await asyncio.sleep(_POLL_SECONDS)
