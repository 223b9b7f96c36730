from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import select

from wren_backend.deployments import repository as deployments
from wren_backend.runs.models import Run, RunStatus
from wren_backend.scheduler.firing import fire as fire_trigger
from wren_backend.testing import HOURLY, NOW, add_deployment, add_subject, triggers_of
from wren_backend.triggers import repository as triggers
from wren_backend.triggers.kind import Fire, FirePlan
from wren_backend.triggers.models import Trigger

NINE = NOW + timedelta(minutes=30)
TEN = NINE + timedelta(hours=1)


def scheduled(database):
    deployment = add_deployment(database, add_subject(database), declarations=[HOURLY])
    return deployment, triggers_of(database, deployment)


def due(database, *, now=NINE):
    with database.reading() as session:
        return triggers.due(session, now=now, limit=10)


def plan_of(*times, next_fire_at=TEN, missed=0):
    fires = [Fire(key=time.isoformat(), scheduled_for=time, event={"trigger": "schedule"}) for time in times]
    return FirePlan(fires=tuple(fires), next_fire_at=next_fire_at, missed=missed)


def fire(database, trigger, *times, now=NINE, **options):
    with database.writing() as session:
        return fire_trigger(session, trigger, plan_of(*times, **options), now=now)


def all_runs(database):
    with database.reading() as session:
        return list(session.exec(select(Run)))


def read(database, trigger):
    with database.reading() as session:
        return session.exec(select(Trigger).where(Trigger.id == trigger.id)).one()


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


def test_nothing_is_fired_when_the_transaction_fails(database):
    _deployment, (trigger,) = scheduled(database)

    def fail_after_firing() -> None:
        with database.writing() as session:
            fire_trigger(session, trigger, plan_of(NINE), now=NINE)
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


def test_a_deployment_is_locked_once_however_many_runs_are_queued(database):
    _deployment, (trigger,) = scheduled(database)
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))

    fired = fire(database, trigger, NINE, TEN, now=TEN)

    assert len(fired) == 2
    assert len([text for text in statements if "FROM deployments" in text]) == 1
