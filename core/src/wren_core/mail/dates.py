"""Read the Date header of e-mails."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Older than e-mail: what some programs write where they know no date.
_FIRST_YEAR = 1970


def read_date(header: str) -> datetime | None:
    """Return the time of a Date header, with its zone (UTC if it names none); None if it is not a date."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(header.strip())
            found.astimezone(UTC)  # fails outside the years that Python knows
        except (ValueError, IndexError, TypeError, OverflowError):
            continue
        if found.year >= _FIRST_YEAR:
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
