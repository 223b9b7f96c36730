"""A refresh that failed and is tried again: what is kept of it, and when trying ends. Pure.

The document stands in `Connection.error` until a refresh succeeds. A provider that says no in words that name no known
reason is asked a few times more; one that cannot be reached, for days. Then a person must act.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wren_backend.connections.errors import ProviderNotConfigured
from wren_backend.connections.models import Connection
from wren_backend.connections.oauth.failures import ClientRefused, GrantRefused
from wren_backend.connections.oauth.token_answer import TokenAnswerInvalid
from wren_core.errors import Unavailable

MOST_REFUSALS = 5
TELL_AFTER = timedelta(days=1)
LONGEST_TROUBLE = timedelta(days=7)
REFRESH_REFUSED = "REFRESH_REFUSED"


@dataclass(frozen=True, kw_only=True)
class Postponement:
    """The failed attempts since the last refresh that worked."""

    code: str
    message: str
    """The reason of the last one, safe to show."""
    since: datetime
    refusals: int = 0
    is_told: bool = False
    """The user has a message about it."""

    def to_document(self, *, now: datetime) -> dict[str, Any]:
        """Return it as the connection keeps it."""
        return {
            "code": self.code,
            "message": self.message,
            "at": now.isoformat(),
            "since": self.since.isoformat(),
            "refusals": self.refusals,
            "told": self.is_told,
        }


def postpone(connection: Connection, failure: Exception, *, reason: str, now: datetime) -> Postponement:
    """Return what to keep of one more failure, for a reason that is safe to show."""
    earlier: Mapping[str, Any] = connection.error or {} if connection.refresh_failures else {}
    is_refusal = isinstance(failure, GrantRefused | TokenAnswerInvalid)
    return Postponement(
        code=_code_of(failure, is_refusal=is_refusal),
        message=reason,
        since=_read_moment(earlier.get("since")) or now,
        refusals=int(earlier.get("refusals") or 0) + is_refusal,
        is_told=bool(earlier.get("told")),
    )


def find_end(postponement: Postponement, *, now: datetime) -> str | None:
    """Return why a person must act now, in words for the user; None while there is still hope."""
    if postponement.refusals >= MOST_REFUSALS:
        return f"the provider refused to refresh it {postponement.refusals} times; {postponement.message}"
    # A wrong client secret is the operator's: no consent of a user would help.
    is_operators = postponement.code == ProviderNotConfigured.code
    if now - postponement.since >= LONGEST_TROUBLE and not is_operators:
        return f"it could not be refreshed for {LONGEST_TROUBLE.days} days; {postponement.message}"
    return None


def is_to_be_told(postponement: Postponement, *, now: datetime) -> bool:
    """Tell whether the user gets a message now, although trying goes on."""
    return not postponement.is_told and now - postponement.since >= TELL_AFTER


def _code_of(failure: Exception, *, is_refusal: bool) -> str:
    if isinstance(failure, ClientRefused):
        return ProviderNotConfigured.code
    return REFRESH_REFUSED if is_refusal else Unavailable.code


def _read_moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
