"""When to refresh an access token, and what to do about the current one: pure decisions that take `now`.

No refresh happens before `Connection.next_refresh_at`: planned ahead of the expiry when tokens are stored, moved back
after a temporary failure.
"""

from datetime import datetime, timedelta
from enum import Enum

from wren_backend.connections.models import Connection, ConnectionStatus

# Larger than any honest difference between two clocks, and than most runs.
MARGIN = timedelta(minutes=5)
# With the whole margin, a token that lives ten minutes would be refreshed after five.
_MARGIN_SHARE = 5
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=15)
_LONGEST_RETRY_AFTER = timedelta(hours=1)
# A refusal rarely passes, so the attempts that decide about it span an hour: longer than most faults of a provider.
_PAUSES_AFTER_REFUSALS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 40))


class Step(Enum):
    """What to do about a connection's access token."""

    USE = "use"
    REFRESH = "refresh"
    WAIT = "wait"
    """Another refresh is in progress, and the current token is not usable."""
    LATER = "later"
    """A refresh failed a moment ago, and the current token is not usable."""
    ENDED = "ended"
    """The current token is not usable, and there is no refresh token."""
    UNUSABLE = "unusable"
    """The connection itself is pending, revoked or refused by the provider."""


def next_step(connection: Connection, *, refreshable: bool, now: datetime, refused_version: int | None = None) -> Step:
    """Decide about the access token of a connection.

    Args:
        connection: the connection as it is now.
        refreshable: whether a refresh token is stored.
        now: the present instant.
        refused_version: version of the token that the provider just refused, where one was.
    """
    if connection.status is not ConnectionStatus.ACTIVE:
        return Step.UNUSABLE
    is_refused = refused_version is not None and refused_version >= connection.version
    has_ended = connection.expires_at is not None and connection.expires_at <= now
    is_useless = is_refused or has_ended
    if not is_refused and not is_due(connection, now):
        return Step.LATER if has_ended else Step.USE
    if not refreshable:
        return Step.ENDED if is_useless else Step.USE
    if is_claimed(connection, now):
        return Step.WAIT if is_useless else Step.USE
    if is_backing_off(connection, now):
        return Step.LATER
    return Step.REFRESH


def is_due(connection: Connection, now: datetime) -> bool:
    """Tell whether the access token should be refreshed before use."""
    if connection.expires_at is None:
        return False
    return (connection.next_refresh_at or connection.expires_at - MARGIN) <= now


def is_claimed(connection: Connection, now: datetime) -> bool:
    """Tell whether a refresh is in progress."""
    return connection.claimed_until is not None and connection.claimed_until > now


def is_backing_off(connection: Connection, now: datetime) -> bool:
    """Tell whether a refresh failed so recently that it is too soon to try again."""
    return (
        connection.refresh_failures > 0 and connection.next_refresh_at is not None and connection.next_refresh_at > now
    )


def has_failed_to_refresh(connection: Connection, now: datetime) -> bool:
    """Tell whether the access has ended and the latest attempt to refresh it failed."""
    has_ended = connection.expires_at is not None and connection.expires_at <= now
    return has_ended and connection.refresh_failures > 0


def was_interrupted(connection: Connection, now: datetime) -> bool:
    """Tell whether a refresher died between asking the provider and storing the answer.

    Its expired claim shows that; the stored refresh token may already be used up.
    """
    return connection.claimed_by is not None and not is_claimed(connection, now)


def plan_refresh(*, expires_at: datetime | None, now: datetime, margin: timedelta = MARGIN) -> datetime | None:
    """Return when to refresh a token stored now: the margin ahead of its end, less for a short-lived one."""
    if expires_at is None:
        return None
    return expires_at - min(margin, (expires_at - now) / _MARGIN_SHARE)


def retry_at(*, failures: int, now: datetime, retry_after: float | None = None, refusals: int = 0) -> datetime:
    """Return when to try again after the nth failure in a row: later each time, and not before `retry_after`.

    Args:
        failures: how many attempts in a row failed.
        now: the present instant.
        retry_after: the seconds that the provider asked for.
        refusals: how many of them the provider refused in words that name no known reason; 0 where the last was none.
    """
    pause = min(_FIRST_PAUSE * (1 << min(failures - 1, 10)), _LONGEST_PAUSE)
    if refusals:
        pause = _PAUSES_AFTER_REFUSALS[min(refusals, len(_PAUSES_AFTER_REFUSALS)) - 1]
    asked = min(timedelta(seconds=retry_after), _LONGEST_RETRY_AFTER) if retry_after else timedelta(0)
    return now + max(pause, asked)
