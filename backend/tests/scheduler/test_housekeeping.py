from datetime import timedelta

import pytest
from sqlmodel import select

from wren_backend.clock import ManualClock
from wren_backend.idempotency import repository as idempotency
from wren_backend.idempotency.models import IdempotencyKey
from wren_backend.idempotency.repository import KeyedRequest
from wren_backend.scheduler.housekeeping import Housekeeping
from wren_backend.scheduler.retention import Keep, Retention
from wren_backend.settings import KeepSettings
from wren_backend.testing import NOW, add_subject


@pytest.fixture
def used_key(database):
    subject = add_subject(database)
    request = KeyedRequest(workspace_id=subject.workspace_id, operation="deploy", key="k", request_hash="h")
    with database.writing() as session:
        idempotency.begin(session, request, now=NOW)


def count(database, table):
    with database.reading() as session:
        return len(session.exec(select(table)).all())


def housekeeping(database, now, keep_connections=lambda: None):
    clock = ManualClock(now)
    retention = Retention(database=database, clock=clock, keep=Keep(**KeepSettings().model_dump()))
    return Housekeeping(database=database, clock=clock, keep_connections=keep_connections, retention=retention)


def test_idempotency_keys_are_deleted_once_no_client_will_repeat_them(database, used_key):
    housekeeping(database, NOW).run()
    before = count(database, IdempotencyKey)

    housekeeping(database, NOW + timedelta(days=30)).run()

    assert (before, count(database, IdempotencyKey)) == (1, 0)


def test_a_chore_that_fails_does_not_keep_the_next_from_being_done(database, used_key):
    def refuse():
        raise RuntimeError("the provider is away")

    housekeeping(database, NOW + timedelta(days=30), refuse).run()

    assert count(database, IdempotencyKey) == 0


def test_connections_are_kept_up(database):
    asked = []

    housekeeping(database, NOW, lambda: asked.append(True)).run()

    assert asked == [True]
