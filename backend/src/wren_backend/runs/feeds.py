"""Follows runs for all readers: one look into the database for all of them, whatever their number."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog

from wren_backend.runs import log_repository as run_logs
from wren_backend.runs import repository as runs
from wren_backend.runs.feed import RunFeed
from wren_backend.runs.models import Run, RunLog
from wren_backend.storage.database import Database, ReadSession

log = structlog.get_logger()

# Fast enough to look live.
_LOOK_SECONDS = 0.3
# Readers of a run without news are checked this often.
_LOOKS_PER_CHECK = 30
_PAGE = 1000


@dataclass(eq=False, kw_only=True)
class FeedReader:
    """One reader of a run; `changed` is set when there is news, or when the reader may read no more."""

    feed: RunFeed
    key: str
    """Readers with the same key are checked once."""
    is_allowed: Callable[[], bool]
    lock: threading.Lock
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    may_read: bool = True

    def page(self, after: int, *, limit: int) -> tuple[Run, list[RunLog]] | None:
        """Return what `RunFeed.page` returns."""
        with self.lock:
            return self.feed.page(after, limit=limit)

    def wake(self) -> None:
        """Set `changed`, from any thread."""
        with suppress(RuntimeError):  # its event loop is closed: the reader is gone
            self.loop.call_soon_threadsafe(self.changed.set)


class RunFeeds:
    """The runs that are followed now. A thread looks at all of them, as long as there is a reader."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._readers: dict[str, list[FeedReader]] = {}
        self._thread: threading.Thread | None = None
        self._looks = 0

    @contextmanager
    def follow(self, run: Run, *, key: str, is_allowed: Callable[[], bool]) -> Iterator[FeedReader]:
        """Follow a run for the block.

        Args:
            run: the run.
            key: whose reader it is; one check of `is_allowed` counts for all readers with that key.
            is_allowed: tells whether the reader may still read; called in a thread.
        """
        with self._lock:
            others = self._readers.setdefault(run.id, [])
            feed = others[0].feed if others else RunFeed(run.workspace_id, run.id)
            reader = FeedReader(feed=feed, key=key, is_allowed=is_allowed, lock=self._lock)
            others.append(reader)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="wren-feeds", daemon=True)
                self._thread.start()
        try:
            yield reader
        finally:
            self._leave(reader)

    def _leave(self, reader: FeedReader) -> None:
        with self._lock:
            others = self._readers[reader.feed.run_id]
            others.remove(reader)
            if not others:
                del self._readers[reader.feed.run_id]

    def _serve(self) -> None:
        pause, is_failing = threading.Event(), False
        while feeds := self._list_feeds():
            try:
                self._look(feeds)
                is_failing = False
            except Exception as exc:
                if not is_failing:  # once, however long the database is away
                    log.error("feeds.look_failed", exc_info=exc)
                is_failing = True
            pause.wait(_LOOK_SECONDS)

    def _list_feeds(self) -> list[RunFeed]:
        with self._lock:
            feeds = [readers[0].feed for readers in self._readers.values()]
            if not feeds:
                self._thread = None
            return feeds

    def _look(self, feeds: list[RunFeed]) -> None:
        """Read what is new, then check who may read it: a key revoked before a line was written must not get it."""
        with self._database.reading() as session:
            news = _read_news(session, feeds)
        self._looks += 1
        concerned = self._readers_of({feed.run_id for feed, _, _ in news})
        if self._looks % _LOOKS_PER_CHECK == 0:
            concerned = self._readers_of(None)
        allowed = _check_keys(concerned)
        gone = {feed.run_id for feed, run, _ in news if run is None}
        with self._lock:  # both at once: no reader may see the lines before it is stopped
            for reader in concerned:
                reader.may_read = allowed[reader.key] and reader.feed.run_id not in gone
            for feed, run, lines in news:
                if run is not None:
                    feed.add(run, lines)
        for reader in concerned:
            reader.wake()

    def _readers_of(self, run_ids: set[str] | None) -> list[FeedReader]:
        with self._lock:
            groups = [readers for run_id, readers in self._readers.items() if run_ids is None or run_id in run_ids]
            return [reader for readers in groups for reader in readers]


def _read_news(session: ReadSession, feeds: list[RunFeed]) -> list[tuple[RunFeed, Run | None, list[RunLog]]]:
    """Return each feed that is behind, with the row of its run (None where it was deleted) and the lines it lacks."""
    states = runs.find_states(session, [feed.run_id for feed in feeds])
    found: list[tuple[RunFeed, Run | None, list[RunLog]]] = []
    for feed in feeds:
        if feed.run_id not in states:
            found.append((feed, None, []))
        elif feed.run is None or states[feed.run_id] != (feed.run.status, feed.last):
            run = runs.find_run(session, feed.workspace_id, feed.run_id)
            found.append((feed, run, [] if feed.run is None else _read_lines(session, feed)))
    return found


def _read_lines(session: ReadSession, feed: RunFeed) -> list[RunLog]:
    lines: list[RunLog] = []
    after = feed.last
    while page := run_logs.list_logs(session, feed.workspace_id, feed.run_id, after=after, limit=_PAGE):
        lines += page
        after = page[-1].seq
    return lines


def _check_keys(readers: list[FeedReader]) -> dict[str, bool]:
    checks = {reader.key: reader.is_allowed for reader in readers}
    return {key: is_allowed() for key, is_allowed in checks.items()}
