"""The log of a run as it grows, read one event at a time: nothing waits longer than from one look to the next."""

import asyncio
import json
import threading
import time

import pytest
from sqlalchemy import event

from wren_backend.runs.models import Run, RunStatus
from wren_core.testing.patience import patience

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Reader:
    """Reads a stream step by step, in a separate event loop."""

    def __init__(self, platform, member, run, *, after=0):
        self.may_read = True
        self._loop = asyncio.new_event_loop()
        self._stream = platform.log_streams.follow(
            member.subject, run, after=after, key="key", is_allowed=lambda: self.may_read
        )

    def next(self):
        """Return the next event as (event, id, data), or None at the end."""
        try:
            event = self._loop.run_until_complete(asyncio.wait_for(anext(self._stream), timeout=patience(20)))
        except StopAsyncIteration:
            return None
        return event.event, event.id, json.loads(event.data)

    def rest(self):
        """Return everything up to the end, shortened to what tells events apart."""
        found = []
        while (event := self.next()) is not None:
            kind, _, data = event
            found.append((kind, data.get("text") or data.get("status")))
        return found

    def close(self):
        self._loop.run_until_complete(self._stream.aclose())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


@pytest.fixture
def reader_of(platform, member):
    opened = []

    def open_one(run, **options):
        opened.append(Reader(platform, member, run, **options))
        return opened[-1]

    yield open_one
    for reader in opened:
        reader.close()


def test_a_finished_run_is_streamed_to_its_end(book, reader_of):
    run = book.start("one", "two")
    book.finish(run)

    assert reader_of(run).rest() == [("log", "one"), ("log", "two"), ("status", "success"), ("end", None)]


def test_each_line_is_an_event_with_its_number(book, reader_of):
    run = book.start()
    book.write(run, "oops", stream="stderr")
    reader = reader_of(run)

    kind, id_, data = reader.next(), *reader.next()[1:]

    assert kind[0] == "status"
    assert (id_, data) == ("1", {"seq": 1, "stream": "stderr", "text": "oops", "at": "2026-03-02T08:30:00Z"})


def test_a_growing_log_is_followed_through_every_state(book, reader_of):
    queued = book.queue()
    reader = reader_of(queued)

    seen = [reader.next()[2]["status"]]
    run = book.claim()
    seen.append(reader.next()[2]["status"])
    book.write(run, "first")
    seen.append(reader.next()[2]["text"])
    book.write(run, "second", "third")
    book.finish(run, RunStatus.FAILED, error={"type": "AgentFixableError", "code": "SCRIPT_FAILED", "message": "x"})

    assert seen == ["queued", "running", "first"]
    assert reader.rest() == [("log", "second"), ("log", "third"), ("status", "failed"), ("end", None)]


def test_an_unchanged_state_is_sent_once(book, reader_of):
    run = book.start("one")
    reader = reader_of(run)

    first = [reader.next()[0] for _ in range(2)]
    book.write(run, "two")
    second = reader.next()

    assert first == ["status", "log"]
    assert (second[0], second[2]["text"]) == ("log", "two")


def test_a_reader_that_comes_back_goes_on_behind_its_last_line(book, reader_of):
    run = book.start("one", "two", "three")
    book.finish(run)

    assert reader_of(run, after=2).rest() == [("log", "three"), ("status", "success"), ("end", None)]
    assert reader_of(run, after=3).rest() == [("status", "success"), ("end", None)]


@pytest.mark.parametrize("count", [999, 1000, 1001, 2000])
def test_a_log_longer_than_one_look_arrives_whole_and_in_order(book, reader_of, count):
    run = book.start(*map(str, range(count)))
    book.finish(run)

    assert reader_of(run).rest() == [
        *(("log", str(number)) for number in range(count)),
        *(("status", "success"), ("end", None)),
    ]


def test_a_reader_whose_key_was_revoked_gets_nothing_more_and_no_end(book, reader_of):
    run = book.start("before")
    reader = reader_of(run)
    seen = [reader.next()[0] for _ in range(2)]

    reader.may_read = False
    book.write(run, "after")
    book.finish(run)

    assert seen == ["status", "log"]
    assert reader.rest() == []


class Statements:
    """Counts the statements that reach the database."""

    def __init__(self, database):
        self.count = 0
        event.listen(database.engine, "after_cursor_execute", self._note)

    def _note(self, *_):
        self.count += 1


class Crowd:
    """Readers of one run in one event loop, in a thread."""

    def __init__(self, platform, member, run, size):
        self.lines = [[] for _ in range(size)]
        self._streams = [
            platform.log_streams.follow(member.subject, run, after=0, key="key", is_allowed=lambda: True)
            for _ in range(size)
        ]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._read_all()))
        self._thread.start()

    async def _read_all(self):
        await asyncio.gather(*map(self._read, self._streams, self.lines))

    async def _read(self, stream, lines):
        async for received in stream:
            if received.event == "log":
                lines.append(json.loads(received.data)["text"])

    def wait_for(self, text):
        deadline = time.monotonic() + patience(30)
        while not all(lines and lines[-1] == text for lines in self.lines):
            assert time.monotonic() < deadline, f"no reader of {len(self.lines)} may lack {text!r}"
            time.sleep(0.02)

    def join(self):
        self._thread.join(patience(30))
        assert not self._thread.is_alive()


@pytest.mark.parametrize("size", [1, 60])
def test_all_readers_of_a_run_cost_one_look(platform, member, book, size):
    run = book.start("first")
    crowd = Crowd(platform, member, run, size)
    crowd.wait_for("first")
    for number in range(3):  # the feed has begun when lines are passed on that no reader asked for
        book.write(run, f"warm {number}")
        crowd.wait_for(f"warm {number}")
    checks, statements = platform.runs.feeds._looks, Statements(platform.database)
    for number in range(5):
        book.write(run, f"line {number}")
        crowd.wait_for(f"line {number}")
    asked, looks = statements.count, platform.runs.feeds._looks - checks
    book.finish(run)
    crowd.join()

    assert all(lines == crowd.lines[0] and len(lines) == 9 for lines in crowd.lines)
    # A write is five statements at most, and a look is begun, asks once, and five times more where there is news.
    assert asked <= 5 * 6 + (looks + 1) * 4 + 5 * 6


def test_a_reader_of_a_run_that_is_deleted_gets_no_end(platform, book, reader_of):
    run = book.start("before")
    reader = reader_of(run)
    seen = [reader.next()[0] for _ in range(2)]

    with platform.database.writing() as session:
        session.delete(session.get(Run, run.id))

    assert seen == ["status", "log"]
    assert reader.rest() == []


def test_a_reader_who_may_not_look_from_the_start_sees_nothing(book, reader_of):
    reader = reader_of(book.start("secret"))
    reader.may_read = False

    assert reader.next() is None
