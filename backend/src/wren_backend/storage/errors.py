"""Errors of the database, by what the caller should do: try again, free space, or call the operator."""

import errno
import os
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from wren_backend.outages import RETRY_AFTER_MS, Outage, exhausted
from wren_core.errors import WrenError

_SQLITE_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_SQLITE_FULL = ("SQLITE_FULL", "SQLITE_IOERR")
# Plain SQLITE_READONLY is left out: it means a change through a read session, a bug.
_SQLITE_UNUSABLE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN", "SQLITE_READONLY_")
# Classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html:
# 08 connection, 40 rollback (deadlock), 53 resources, 55P03 lock not available, 57 operator intervention.
_POSTGRESQL_BUSY = ("08", "40", "53", "55P03", "57")
_POSTGRESQL_FULL = "53100"


class DatabaseBusy(Outage):
    """The database did not answer in time; nothing was changed, and a retry makes sense."""

    code = "DATABASE_BUSY"
    can_retry = True


class DatabaseFull(Outage):
    """The database has no room to write; nothing was changed."""

    code = "DATABASE_FULL"
    can_retry = True


class DatabaseUnusable(Outage):
    """The database cannot be used as it is: wrong address, damaged, read-only, or not migrated."""

    code = "DATABASE_UNUSABLE"


def database_error(exc: DBAPIError) -> WrenError | None:
    """Return the error for `exc`, or None where the statement is at fault (a broken constraint, a bad value)."""
    sqlite_name = getattr(exc.orig, "sqlite_errorname", None)
    if sqlite_name is not None:
        return _sqlite_error(sqlite_name)
    sqlstate = getattr(exc.orig, "sqlstate", None)
    if sqlstate == _POSTGRESQL_FULL:
        return DatabaseFull("the database server has no disk space left; free some, then try again")
    if exc.connection_invalidated or (sqlstate or "").startswith(_POSTGRESQL_BUSY) or _is_connection_failure(exc):
        return DatabaseBusy("the database did not answer; try again", retry_after_ms=RETRY_AFTER_MS)
    return None


def _sqlite_error(name: str) -> WrenError | None:
    if name.startswith(_SQLITE_BUSY):
        return DatabaseBusy("the database is held by another writer; try again", retry_after_ms=RETRY_AFTER_MS)
    if name.startswith(_SQLITE_FULL):
        return DatabaseFull("the database could not be written (is the disk full?); free some space, then try again")
    if name.startswith("SQLITE_CANTOPEN") and not _can_open_files():
        return exhausted(errno.EMFILE)
    if name.startswith(_SQLITE_UNUSABLE):
        return DatabaseUnusable(f"the database file cannot be used ({name}); check its permissions or restore a backup")
    return None


def _is_connection_failure(exc: DBAPIError) -> bool:
    # psycopg raises OperationalError without a code when no server answered at all.
    return type(exc.orig).__name__ == "OperationalError" and getattr(exc.orig, "sqlstate", None) is None


def _can_open_files() -> bool:
    """Tell whether a file descriptor is left: SQLite's error does not say why it could not open its file."""
    with suppress(OSError):
        os.close(os.open(os.devnull, os.O_RDONLY))
        return True
    return False
