import threading
from datetime import UTC, datetime, timedelta

import pytest

from wren_backend.clock import ManualClock
from wren_backend.deployments import repository as deployments
from wren_backend.deployments.declaration import Declaration
from wren_backend.deployments.repository import NewScript
from wren_backend.metrics import Metrics
from wren_backend.runs import repository as runs
from wren_backend.scheduler.loop import Scheduler
from wren_backend.tenancy import repository as tenancy
from wren_backend.triggers import repository as triggers
from wren_core.testing.patience import patience

START = datetime(2026, 3, 1, 11, 59, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock():
    return ManualClock(START)


@pytest.fixture
def owner(database):
    with database.writing() as session:
        workspace = tenancy.add_workspace(session, "acme", name="Acme", now=START)
        return tenancy.add_user(session, workspace.id, name="alice", now=START)


def deploy(database, owner, *, cron="* * * * *", name="job", func="job", config=None):
    declared = {"triggers": [{"type": "schedule", "func": func, "config": {"cron": cron, **(config or {})}}]}
    with database.writing() as session:
        script = NewScript(name=name, script="pass", declared=declared)
        stored = deployments.create_or_new_version(session, owner.workspace_id, owner.id, script, now=START)
        found = Declaration.of(declared).triggers
        triggers.sync(session, owner.workspace_id, stored.deployment.id, found, now=START)
    return stored.deployment


def scheduler(database, clock, wake=lambda: None, **options):
    return Scheduler(database=database, clock=clock, metrics=Metrics(), wake=wake, **options)


def queued(database, owner):
    with database.reading() as session:
        return runs.list_runs(session, owner.workspace_id, limit=1000).items


def test_a_tick_before_the_fire_time_queues_nothing(database, owner, clock):
    deploy(database, owner)

    assert scheduler(database, clock).tick() == 0
    assert queued(database, owner) == []


def test_a_due_schedule_gets_one_run_with_its_event_and_the_worker_is_woken(database, owner, clock):
    deploy(database, owner)
    woken = []
    clock.advance(MINUTE)

    count = scheduler(database, clock, wake=lambda: woken.append(True)).tick()

    (run,) = queued(database, owner)
    assert (count, woken) == (1, [True])
    assert run.scheduled_for == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert run.event["trigger"] == "schedule"
    assert run.event["cron"] == "* * * * *"
    assert datetime.fromisoformat(run.event["fired_at"]) == clock.now()


def test_a_second_tick_in_the_same_minute_queues_nothing_more(database, owner, clock):
    deploy(database, owner)
    clock.advance(MINUTE)
    ticking = scheduler(database, clock)

    assert [ticking.tick(), ticking.tick()] == [1, 0]


def test_more_due_triggers_than_one_batch_all_fire_in_one_tick(database, owner, clock):
    for number in range(7):
        deploy(database, owner, name=f"job {number}")
    clock.advance(MINUTE)

    assert scheduler(database, clock, batch=3).tick() == 7


def test_three_schedulers_over_one_database_fire_each_time_once(database, owner, clock):
    for number in range(2):
        deploy(database, owner, name=f"job {number}")
    barrier = threading.Barrier(3, action=lambda: clock.advance(MINUTE))

    def tick_often():
        ticking = scheduler(database, clock)
        for _ in range(8):
            barrier.wait(timeout=patience(30))
            ticking.tick()

    threads = [threading.Thread(target=tick_often) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = [(run.trigger_id, run.scheduled_for) for run in queued(database, owner)]
    assert len(found) == len(set(found)) == 2 * 8


def test_after_a_long_pause_the_latest_fire_time_runs_and_the_others_are_counted(database, owner, clock):
    deployment = deploy(database, owner)
    clock.advance(timedelta(hours=3))

    assert scheduler(database, clock).tick() == 1
    with database.reading() as session:
        (trigger,) = triggers.list_triggers(session, owner.workspace_id, deployment.id)
    assert trigger.missed == 179
    assert trigger.next_fire_at > clock.now()


def test_a_clock_that_jumps_back_fires_nothing_twice(database, owner, clock):
    deploy(database, owner)
    ticking = scheduler(database, clock)
    clock.advance(MINUTE)
    ticking.tick()

    clock.advance(-timedelta(hours=1))
    ticking.tick()
    clock.advance(timedelta(hours=1))
    ticking.tick()

    assert len(queued(database, owner)) == 1


def test_an_undeployed_script_never_fires_again(database, owner, clock):
    deployment = deploy(database, owner)
    with database.writing() as session:
        deployments.undeploy(session, owner.workspace_id, deployment.id, now=clock.now())
    clock.advance(timedelta(hours=1))

    assert scheduler(database, clock).tick() == 0


def test_a_schedule_that_can_no_longer_be_computed_stops_with_its_reason_and_the_others_fire(database, owner, clock):
    broken = deploy(database, owner, name="broken", config={"misfire": "sometimes"})
    deploy(database, owner, name="fine")
    clock.advance(MINUTE)

    assert scheduler(database, clock).tick() == 1
    with database.reading() as session:
        (trigger,) = triggers.list_triggers(session, owner.workspace_id, broken.id)
    assert trigger.next_fire_at is None
    assert trigger.error["code"] == "SCHEDULE_BROKEN"
    assert "sometimes" in trigger.error["message"]


@pytest.fixture
def refusing_first(database):
    """The database refuses every run of the function `first`."""
    if database.is_sqlite:
        made = [
            "CREATE TRIGGER refuse BEFORE INSERT ON runs WHEN NEW.func = 'first' BEGIN SELECT RAISE(ABORT, 'no'); END"
        ]
        gone = ["DROP TRIGGER refuse"]
    else:
        refuse = "BEGIN IF NEW.func = 'first' THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END"
        made = [
            f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {refuse} $$",
            "CREATE TRIGGER refuse BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION refuse()",
        ]
        gone = ["DROP TRIGGER refuse ON runs", "DROP FUNCTION refuse"]
    _execute(database, made)
    yield lambda: _execute(database, gone)
    if not database.is_sqlite:
        _execute(database, [statement.replace("DROP TRIGGER", "DROP TRIGGER IF EXISTS") for statement in gone[:1]])


def _execute(database, statements):
    with database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_trigger_that_cannot_be_fired_keeps_no_other_from_it_and_fires_later(database, owner, clock, refusing_first):
    deploy(database, owner, name="first", func="first")
    deploy(database, owner, name="second")
    ticking = scheduler(database, clock, batch=1)
    clock.advance(MINUTE)

    while_refused = ticking.tick()
    refusing_first()
    afterwards = ticking.tick()

    assert (while_refused, afterwards) == (1, 1)
    assert sorted(run.func for run in queued(database, owner)) == ["first", "job"]


def test_a_started_scheduler_ticks_until_it_is_stopped(database, owner, clock):
    deploy(database, owner)
    fired = threading.Event()
    ticking = scheduler(database, clock, wake=fired.set)
    clock.advance(MINUTE)

    ticking.start()
    try:
        assert fired.wait(timeout=patience(10))
        assert ticking.is_alive()
    finally:
        ticking.stop()

    assert not ticking.is_alive()
