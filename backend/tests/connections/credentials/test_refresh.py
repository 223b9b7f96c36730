from datetime import UTC, datetime, timedelta

import pytest

from wren_backend.connections.credentials.refresh import (
    MARGIN,
    Step,
    next_step,
    plan_refresh,
    retry_at,
    was_interrupted,
)
from wren_backend.connections.models import Connection, ConnectionStatus

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def connection(**changes):
    values = {
        "id": "conn_1",
        "workspace_id": "ws_1",
        "user_id": "usr_1",
        "integration": "parcel",
        "status": ConnectionStatus.ACTIVE,
        "expires_at": NOW + timedelta(hours=1),
        "next_refresh_at": NOW + timedelta(minutes=55),
        "version": 3,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Connection(**{**values, **changes})


def step(row, *, now=NOW, refreshable=True, refused=None):
    return next_step(row, refreshable=refreshable, now=now, refused_version=refused)


ENDED = {"expires_at": NOW - MINUTE, "next_refresh_at": NOW - 6 * MINUTE}
DUE = {"expires_at": NOW + 4 * MINUTE, "next_refresh_at": NOW - MINUTE}
CLAIMED = {"claimed_by": "rival", "claimed_until": NOW + MINUTE}
BACKING_OFF = {"refresh_failures": 2, "next_refresh_at": NOW + MINUTE}


@pytest.mark.parametrize(
    ("changes", "refreshable", "refused", "expected"),
    [
        ({}, True, None, Step.USE),
        ({"expires_at": None, "next_refresh_at": None}, True, None, Step.USE),
        (DUE, True, None, Step.REFRESH),
        (DUE, False, None, Step.USE),
        ({**DUE, **CLAIMED}, True, None, Step.USE),
        ({**DUE, **BACKING_OFF}, True, None, Step.USE),
        (ENDED, True, None, Step.REFRESH),
        (ENDED, False, None, Step.ENDED),
        ({**ENDED, **CLAIMED}, True, None, Step.WAIT),
        ({**ENDED, **BACKING_OFF}, True, None, Step.LATER),
        ({**ENDED, "claimed_by": "dead", "claimed_until": NOW - MINUTE}, True, None, Step.REFRESH),
        ({}, True, 3, Step.REFRESH),
        ({}, True, 2, Step.USE),
        ({}, False, 3, Step.ENDED),
        (CLAIMED, True, 3, Step.WAIT),
        (BACKING_OFF, True, 3, Step.LATER),
        ({"status": ConnectionStatus.NEEDS_REAUTH}, True, None, Step.UNUSABLE),
        ({"status": ConnectionStatus.PENDING}, True, None, Step.UNUSABLE),
        ({"status": ConnectionStatus.REVOKED}, True, 3, Step.UNUSABLE),
    ],
)
def test_the_next_step_follows_from_the_row(changes, refreshable, refused, expected):
    assert step(connection(**changes), refreshable=refreshable, refused=refused) is expected


def test_a_row_without_a_plan_is_due_the_margin_ahead_of_its_end():
    row = connection(next_refresh_at=None)

    assert step(row, now=row.expires_at - MARGIN - MINUTE) is Step.USE
    assert step(row, now=row.expires_at - MARGIN) is Step.REFRESH


def test_a_token_of_an_hour_is_refreshed_five_minutes_ahead():
    assert plan_refresh(expires_at=NOW + timedelta(hours=1), now=NOW) == NOW + timedelta(minutes=55)


def test_a_provider_whose_clock_is_five_minutes_off_still_gets_a_live_token():
    planned = plan_refresh(expires_at=NOW + timedelta(hours=1), now=NOW)

    assert planned + timedelta(minutes=5) <= NOW + timedelta(hours=1)


def test_a_short_lived_token_is_refreshed_at_four_fifths_of_its_life():
    assert plan_refresh(expires_at=NOW + 10 * MINUTE, now=NOW) == NOW + 8 * MINUTE


def test_a_token_without_an_end_is_never_due():
    assert plan_refresh(expires_at=None, now=NOW) is None


def test_pauses_double_and_stay_below_fifteen_minutes():
    pauses = [(retry_at(failures=n, now=NOW) - NOW).total_seconds() for n in (1, 2, 3, 9, 500)]

    assert pauses == [5, 10, 20, 900, 900]


def test_retry_after_lengthens_the_pause_up_to_an_hour():
    assert retry_at(failures=1, now=NOW, retry_after=120) == NOW + 2 * MINUTE
    assert retry_at(failures=1, now=NOW, retry_after=10**9) == NOW + timedelta(hours=1)
    assert retry_at(failures=5, now=NOW, retry_after=1) == NOW + timedelta(seconds=80)


def test_an_expired_claim_shows_an_interruption():
    assert was_interrupted(connection(claimed_by="dead", claimed_until=NOW - MINUTE), NOW)
    assert not was_interrupted(connection(claimed_by="rival", claimed_until=NOW + MINUTE), NOW)
    assert not was_interrupted(connection(), NOW)
