"""A run's log as it grows, as server-sent events: `log` for each line, `status` for each change, then `end`."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from sse_starlette import ServerSentEvent

from wren_backend.runs.feeds import FeedReader
from wren_backend.runs.models import Run, RunLog, RunStatus
from wren_backend.runs.schemas import LogLineRead, RunDetail, RunRead
from wren_backend.runs.service import MAX_LOG_LINES, RunService
from wren_backend.tenancy.auth import Subject

_Read = TypeVar("_Read")

# However many logs are followed, their readers use so many threads and connections to the database.
_THREADS = 4


class LogStreams:
    """Streams the logs of runs.

    Args:
        service: reads runs, and has the feeds that all readers share.
    """

    def __init__(self, service: RunService) -> None:
        self._service = service
        self._threads = CapacityLimiter(_THREADS)

    async def follow(
        self, subject: Subject, run: Run, *, after: int, key: str, is_allowed: Callable[[], bool]
    ) -> AsyncIterator[ServerSentEvent]:
        """Yield events until the run has ended and its last line was sent, or the reader's key was revoked.

        Args:
            subject: the reader.
            run: the run.
            after: number of the last line the reader has; each `log` event carries its number as id.
            key: the reader's key.
            is_allowed: tells whether the key is still valid; False ends the stream.
        """
        status: RunStatus | None = None
        with self._service.feeds.follow(run, key=key, is_allowed=is_allowed) as reader:
            while (page := await self._next_page(subject, reader, after)) is not None:
                current, lines = page
                if current.status is not status and not current.status.is_final:  # before the lines that follow it
                    status = current.status
                    yield ServerSentEvent(event="status", data=RunRead.of(current).model_dump_json())
                for line in lines:
                    after = line.seq
                    yield ServerSentEvent(event="log", id=str(line.seq), data=LogLineRead.of(line).model_dump_json())
                if current.status.is_final and len(lines) < MAX_LOG_LINES:
                    # With its result or error, so that the reader need not ask again: the server may stop meanwhile.
                    ended = RunDetail.from_parts(*await self._read(partial(self._service.get, subject, run.id)))
                    yield ServerSentEvent(event="status", data=ended.model_dump_json())
                    yield ServerSentEvent(event="end", data="{}")
                    return
                if len(lines) < MAX_LOG_LINES:
                    await reader.changed.wait()

    async def _next_page(self, subject: Subject, reader: FeedReader, after: int) -> tuple[Run, list[RunLog]] | None:
        """Return the run and its next lines; None where the reader may read no more."""
        reader.changed.clear()
        page = reader.page(after, limit=MAX_LOG_LINES)
        if page is None:
            page = await self._read(partial(self._service.logs, subject, reader.feed.run_id, after=after))
            if not await self._read(reader.is_allowed):  # after the lines were read: it counts for them
                return None
        return page if reader.may_read else None

    async def _read(self, read: Callable[[], _Read]) -> _Read:
        return await to_thread.run_sync(read, limiter=self._threads)
