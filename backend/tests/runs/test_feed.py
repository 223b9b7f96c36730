import pytest

from wren_backend.runs.feed import RunFeed
from wren_backend.runs.models import Run, RunLog
from wren_backend.testing import NOW


def run_with(lines):
    return Run(
        id="run_1",
        workspace_id="ws_1",
        deployment_id="dep_1",
        version=1,
        user_id="usr_1",
        trigger_type="manual",
        func="report",
        event_source="dep_1",
        event_key="k",
        correlation_id="corr_1",
        log_lines=lines,
        available_at=NOW,
        created_at=NOW,
    )


def lines_of(first, last, text="x"):
    return [RunLog(run_id="run_1", seq=seq, stream="stdout", text=text, at=NOW) for seq in range(first, last + 1)]


@pytest.fixture
def feed():
    return RunFeed("ws_1", "run_1")


def numbers(page):
    return None if page is None else [line.seq for line in page[1]]


def test_a_feed_that_has_seen_nothing_knows_nothing(feed):
    assert feed.page(0, limit=10) is None


def test_lines_before_its_first_look_are_in_the_database_alone(feed):
    feed.add(run_with(5), [])
    feed.add(run_with(7), lines_of(6, 7))

    assert [numbers(feed.page(after, limit=10)) for after in (4, 5, 6, 7)] == [None, [6, 7], [7], []]
    assert numbers(feed.page(5, limit=1)) == [6]


@pytest.mark.parametrize(("count", "text"), [(5000, "x"), (100, "x" * 50_000)])
def test_the_oldest_lines_make_room(feed, count, text):
    feed.add(run_with(0), [])
    feed.add(run_with(count), lines_of(1, count, text))

    assert feed.page(0, limit=10) is None
    assert numbers(feed.page(count - 3, limit=10)) == [count - 2, count - 1, count]
    assert (feed.last - feed.start) * len(text) <= 2**20
