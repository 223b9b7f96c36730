from datetime import timedelta

from sqlmodel import select

from wren_backend.testing import HOURLY, NOW, add_deployment, add_subject, triggers_of
from wren_backend.triggers import repository as triggers
from wren_backend.triggers.declaration import TriggerDeclaration
from wren_backend.triggers.kind import Fire, FirePlan
from wren_backend.triggers.models import Trigger, TriggerStatus

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


def advance(database, trigger, *, missed=0):
    plan = FirePlan(fires=(Fire(key="1", event={}, scheduled_for=NINE),), next_fire_at=TEN, missed=missed)
    with database.writing() as session:
        return triggers.advance(session, trigger, plan, now=NINE)


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
    advance(database, first, missed=2)

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
    assert not advance(database, old)


def test_a_trigger_that_returns_is_the_one_it_was(database):
    subject = add_subject(database)
    old = triggers_of(database, add_deployment(database, subject))[0]
    advance(database, old)
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
