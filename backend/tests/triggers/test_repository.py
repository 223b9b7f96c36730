from datetime import timedelta, timezone

import pytest
from sqlmodel import select

from wren_backend.deployments import repository as deployments
from wren_backend.deployments.declaration import TriggerDeclaration
from wren_backend.runs.models import Run, RunStatus
from wren_backend.testing import HOURLY, NOW, add_deployment, add_subject, triggers_of
from wren_backend.triggers import repository as triggers
from wren_backend.triggers.models import Trigger, TriggerStatus
from wren_backend.triggers.repository import Fire

NINE = NOW + timedelta(minutes=30)
TEN = NINE + timedelta(hours=1)
DAILY = TriggerDeclaration(type="schedule", func="report", config={"cron": "0 12 * * *", "timezone": "UTC"})
MANUAL = TriggerDeclaration(type="manual", func="report", config={})


def scheduled(database, *declarations):
    deployment = add_deployment(database, add_subject(database), declarations=declarations or (HOURLY,))
    return deployment, triggers_of(database, deployment)


def due(database, *, now=NINE, limit=10):
    with database.reading() as session:
        return triggers.due(session, now=now, limit=limit)


def fire(database, trigger, *times, next_fire_at=TEN, missed=0, now=NINE):
    fires = [Fire(scheduled_for=time, event={"trigger": "schedule"}) for time in times]
    with database.writing() as session:
        return triggers.fire(session, trigger, fires=fires, next_fire_at=next_fire_at, missed=missed, now=now)


def all_runs(database):
    with database.reading() as session:
        return list(session.exec(select(Run)))


def read(database, trigger):
    with database.reading() as session:
        return session.exec(select(Trigger).where(Trigger.id == trigger.id)).one()


def test_declared_triggers_are_active_and_know_when_they_are_due(database):
    deployment, rows = scheduled(database, HOURLY, DAILY, MANUAL)

    assert {(row.type, row.next_fire_at) for row in rows} == {
        ("schedule", NINE),
        ("schedule", NOW.replace(hour=12, minute=0)),
        ("manual", None),
    }
    assert {(row.status, row.workspace_id) for row in rows} == {(TriggerStatus.ACTIVE, deployment.workspace_id)}


def test_a_trigger_declared_again_keeps_its_id_its_ledger_and_its_time(database):
    subject = add_subject(database)
    first = triggers_of(database, add_deployment(database, subject))[0]
    fire(database, first, NINE, missed=2)

    again = triggers_of(database, add_deployment(database, subject, now=NINE + timedelta(minutes=1)))

    assert [row.id for row in again] == [first.id]
    assert (again[0].next_fire_at, again[0].last_fire_at, again[0].missed) == (TEN, NINE, 2)


def test_a_trigger_that_is_overdue_stays_overdue_when_declared_again(database):
    subject = add_subject(database)
    add_deployment(database, subject)

    add_deployment(database, subject, now=TEN)

    assert [row.next_fire_at for row in due(database, now=TEN)] == [NINE]


def test_a_changed_trigger_is_another_one_and_the_old_one_falls_silent(database):
    subject = add_subject(database)
    old = triggers_of(database, add_deployment(database, subject))[0]

    changed = triggers_of(database, add_deployment(database, subject, declarations=[DAILY]))

    assert [row.id for row in changed] != [old.id]
    assert (read(database, old).status, read(database, old).next_fire_at) == (TriggerStatus.REMOVED, None)
    assert fire(database, old, NINE) is None


def test_a_trigger_that_returns_is_the_one_it_was(database):
    subject = add_subject(database)
    old = triggers_of(database, add_deployment(database, subject))[0]
    fire(database, old, NINE)
    add_deployment(database, subject, declarations=[DAILY])

    returned = triggers_of(database, add_deployment(database, subject, now=TEN))[0]

    assert (returned.id, returned.last_fire_at, returned.next_fire_at) == (old.id, NINE, TEN + timedelta(hours=1))


def test_a_trigger_declared_twice_is_one(database):
    _deployment, rows = scheduled(database, HOURLY, HOURLY)

    assert len(rows) == 1


def test_triggers_of_another_workspace_are_not_listed(database):
    deployment, _rows = scheduled(database)

    with database.reading() as session:
        assert triggers.list_triggers(session, add_subject(database).workspace_id, deployment.id) == []


def test_a_trigger_is_due_from_its_time_on_longest_due_first(database):
    _deployment, (hourly, daily) = scheduled(database, HOURLY, DAILY)
    if hourly.next_fire_at != NINE:
        hourly, daily = daily, hourly
    noon = NOW.replace(hour=12, minute=0)

    assert due(database, now=NINE - timedelta(microseconds=1)) == []
    assert [row.id for row in due(database, now=NINE)] == [hourly.id]
    assert [row.id for row in due(database, now=noon)] == [hourly.id, daily.id]
    assert [row.id for row in due(database, now=noon, limit=1)] == [hourly.id]


def test_firing_queues_the_run_and_moves_the_trigger_on(database):
    deployment, (trigger,) = scheduled(database)

    fired = fire(database, trigger, NINE)

    assert [run.id for run in fired] == [run.id for run in all_runs(database)]
    run = fired[0]
    assert (run.status, run.scheduled_for, run.trigger_id, run.func) == (RunStatus.QUEUED, NINE, trigger.id, "report")
    assert (run.workspace_id, run.deployment_id, run.version) == (deployment.workspace_id, deployment.id, 1)
    assert (run.event, run.event_key) == ({"trigger": "schedule"}, "2026-03-02T09:00:00+00:00")
    after = read(database, trigger)
    assert (after.next_fire_at, after.last_fire_at) == (TEN, NINE)
    assert due(database) == []


def test_the_same_fire_time_fires_once(database):
    _deployment, (trigger,) = scheduled(database)

    assert len(fire(database, trigger, NINE)) == 1
    assert fire(database, trigger, NINE) is None
    assert len(all_runs(database)) == 1


def test_of_many_schedulers_one_fires(database, together):
    _deployment, (trigger,) = scheduled(database)

    results = together(20, lambda _number: fire(database, trigger, NINE))

    assert len([result for result in results if result]) == 1
    assert len(all_runs(database)) == 1


def test_many_schedulers_over_many_ticks_miss_and_double_nothing(database, together):
    scheduled(database)
    times = [NINE + timedelta(hours=hour) for hour in range(30)]

    def schedule(_number: int) -> None:
        for time in times:
            for trigger in due(database, now=time):
                fire(database, trigger, trigger.next_fire_at, next_fire_at=trigger.next_fire_at + timedelta(hours=1))

    together(3, schedule)

    assert sorted(run.scheduled_for for run in all_runs(database)) == times


def test_a_clock_set_back_does_not_run_a_fire_time_again(database):
    _deployment, (trigger,) = scheduled(database)
    fire(database, trigger, NINE)
    with database.writing() as session:
        session.get(Trigger, trigger.id).next_fire_at = NINE

    fired = fire(database, read(database, trigger), NINE)

    assert fired == []
    assert len(all_runs(database)) == 1
    assert read(database, trigger).next_fire_at == TEN


def test_a_fire_time_is_one_instant_whatever_its_zone(database):
    _deployment, (trigger,) = scheduled(database)
    fire(database, trigger, NINE.astimezone(timezone(timedelta(hours=9))))

    assert all_runs(database)[0].event_key == "2026-03-02T09:00:00+00:00"


def test_nothing_is_fired_when_the_transaction_fails(database):
    _deployment, (trigger,) = scheduled(database)

    def fail_after_firing() -> None:
        with database.writing() as session:
            fires = [Fire(scheduled_for=NINE, event={})]
            triggers.fire(session, trigger, fires=fires, next_fire_at=TEN, now=NINE)
            raise KeyError

    with pytest.raises(KeyError):
        fail_after_firing()

    assert all_runs(database) == []
    assert [row.id for row in due(database)] == [trigger.id]


def test_missed_fire_times_are_counted_and_moved_past(database):
    _deployment, (trigger,) = scheduled(database)

    assert fire(database, trigger, missed=3) == []

    after = read(database, trigger)
    assert (after.missed, after.next_fire_at, after.last_fire_at) == (3, TEN, None)


def test_several_owed_fire_times_get_a_run_each(database):
    _deployment, (trigger,) = scheduled(database)

    fired = fire(database, trigger, NINE, TEN, next_fire_at=TEN + timedelta(hours=1), now=TEN)

    assert sorted(run.scheduled_for for run in fired) == [NINE, TEN]
    assert read(database, trigger).last_fire_at == TEN


def test_a_trigger_read_before_its_deployment_was_taken_away_does_not_fire(database):
    for operation in (deployments.undeploy, deployments.pause):
        deployment, (trigger,) = scheduled(database)
        with database.writing() as session:
            operation(session, deployment.workspace_id, deployment.id, now=NOW)

        assert fire(database, trigger, NINE) is None
        assert due(database) == []

    assert all_runs(database) == []


def test_undeploying_while_schedulers_fire_leaves_nothing_queued(database, together):
    deployment, (trigger,) = scheduled(database)

    def act(number: int) -> None:
        if number:
            fire(database, trigger, NINE)
        else:
            with database.writing() as session:
                deployments.undeploy(session, deployment.workspace_id, deployment.id, now=NINE)

    together(8, act)

    assert {run.status for run in all_runs(database)} <= {RunStatus.CANCELLED}


def test_a_run_is_of_the_version_that_is_deployed_when_it_is_queued(database):
    subject = add_subject(database)
    trigger = triggers_of(database, add_deployment(database, subject))[0]
    add_deployment(database, subject, script="2")

    assert [run.version for run in fire(database, trigger, NINE)] == [2]


def test_a_schedule_that_cannot_go_on_stops_with_its_reason(database):
    _deployment, (trigger,) = scheduled(database)
    error = {"code": "CRON_INVALID", "message": "never again"}

    with database.writing() as session:
        assert triggers.stop(session, trigger, error=error, now=NINE)
        assert not triggers.stop(session, trigger, error=error, now=NINE)

    after = read(database, trigger)
    assert (after.next_fire_at, after.error, after.status) == (None, error, TriggerStatus.ACTIVE)
    assert due(database, now=TEN) == []


def test_a_stopped_schedule_runs_again_when_it_is_deployed_again(database):
    subject = add_subject(database)
    trigger = triggers_of(database, add_deployment(database, subject))[0]
    with database.writing() as session:
        triggers.stop(session, trigger, error={"code": "X"}, now=NINE)

    again = triggers_of(database, add_deployment(database, subject, now=NINE))[0]

    assert (again.next_fire_at, again.error) == (TEN, None)
