"""The log of a run as it grows, read one event at a time: nothing waits longer than from one look to the next."""

import asyncio
import json

import pytest

from wren_backend.runs.models import RunStatus
from wren_backend.runs.stream import follow
from wren_core.testing.patience import patience

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Reader:
    """Reads a stream step by step, in a separate event loop."""

    def __init__(self, platform, member, run, *, after=0):
        self.may_read = True
        self._loop = asyncio.new_event_loop()
        self._stream = follow(platform.runs, member.subject, run.id, after=after, is_allowed=lambda: self.may_read)

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


def test_a_reader_who_may_not_look_from_the_start_sees_nothing(book, reader_of):
    reader = reader_of(book.start("secret"))
    reader.may_read = False

    assert reader.next() is None
