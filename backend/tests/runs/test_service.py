import pytest

from wren_backend.runs.models import RunStatus
from wren_backend.runs.service import MAX_LOG_LINES
from wren_backend.storage.pagination import CursorInvalid
from wren_backend.tenancy.errors import MissingObject

sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def service(platform):
    return platform.runs


def test_a_run_is_shown_with_the_calls_it_made_in_their_order(service, member, book):
    run = book.start()
    book.call(run, "send")
    book.call(run, "search", outcome="RATE_LIMITED")

    shown, calls, _ = service.get(member.subject, run.id)

    assert (shown.id, shown.status) == (run.id, RunStatus.RUNNING)
    assert [(call.method, call.outcome) for call in calls] == [("send", "ok"), ("search", "RATE_LIMITED")]


def test_runs_are_listed_newest_first_page_by_page(service, member, book):
    queued = [book.queue(seconds=number).id for number in range(5)]

    seen, cursor = [], None
    for _ in range(3):
        page, cursor = service.list_page(member.subject, limit=2, cursor=cursor)
        seen.append([run.id for run in page])

    assert seen == [queued[:2:-1], queued[2:0:-1], queued[:1]]
    assert cursor is None


@sqlite_only
def test_a_page_that_ends_with_the_last_run_has_no_successor(service, member, book):
    for number in range(2):
        book.queue(seconds=number)

    assert service.list_page(member.subject, limit=2)[1] is None


def test_runs_are_listed_by_state_and_by_deployment(service, member, book):
    running, queued = book.start(), book.queue(seconds=1)

    def listed(**by):
        return [run.id for run in service.list_page(member.subject, **by)[0]]

    assert listed(status=RunStatus.RUNNING) == [running.id]
    assert listed(status=RunStatus.LOST) == []
    assert listed(deployment_id=book.deployment.id) == [queued.id, running.id]


@sqlite_only
def test_a_cursor_is_good_in_its_own_workspace_only(service, member, admit, book):
    for number in range(2):
        book.queue(seconds=number)
    _, cursor = service.list_page(member.subject, limit=1)

    with pytest.raises(CursorInvalid):
        service.list_page(admit().subject, cursor=cursor)


def test_lines_are_read_from_a_number_on_and_at_most_a_thousand_at_once(service, member, book):
    run = book.start(*(f"line {number}" for number in range(1, MAX_LOG_LINES + 6)))

    _, first = service.logs(member.subject, run.id)
    _, rest = service.logs(member.subject, run.id, after=first[-1].seq)

    assert (len(first), first[-1].text) == (MAX_LOG_LINES, f"line {MAX_LOG_LINES}")
    assert [line.seq for line in rest] == list(range(MAX_LOG_LINES + 1, MAX_LOG_LINES + 6))


def test_a_queued_run_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(service, member, book):
    running, queued = book.start(), book.queue(seconds=1)

    assert service.cancel(member.subject, queued.id).status is RunStatus.CANCELLED
    asked = service.cancel(member.subject, running.id)
    assert (asked.status, asked.cancel_requested_at is not None) == (RunStatus.RUNNING, True)


@sqlite_only
def test_a_finished_run_stays_as_it_is(service, member, book):
    run = book.start()
    book.finish(run)

    cancelled = service.cancel(member.subject, run.id)

    assert (cancelled.status, cancelled.cancel_requested_at) == (RunStatus.SUCCESS, None)


@sqlite_only
@pytest.mark.parametrize("use", ["get", "logs", "cancel"])
def test_the_run_of_another_workspace_is_not_there(service, admit, book, use):
    run, stranger = book.queue(), admit().subject

    for missing in (run.id, "run_of_nobody", ""):
        with pytest.raises(MissingObject, match="there is no run") as caught:
            getattr(service, use)(stranger, missing)

        assert caught.value.details == {"run_id": missing}
