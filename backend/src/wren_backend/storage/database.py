"""The database: one engine, and two kinds of session over it.

A read session may only read; the database enforces that. A write session is one transaction; only the code that opened
it commits, by leaving the block:

    with database.writing() as session:
        deployments.undeploy(session, workspace_id, deployment_id, now=clock.now())

SQLite runs in WAL with `BEGIN IMMEDIATE` for writers, so that of two writers one waits instead of failing halfway.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, Engine, event, func, make_url
from sqlalchemy import create_engine as create_sqlalchemy_engine
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.sql.dml import ReturningDelete, ReturningUpdate
from sqlmodel import Session, select

from wren_backend.storage.errors import DatabaseUnusable, database_error
from wren_backend.storage.tables import Table

_Row = TypeVar("_Row", bound=Table)
_Returned = TypeVar("_Returned")

# A writer on SQLite waits this long for the writer before it; then the caller gets `DatabaseBusy`.
BUSY_TIMEOUT = timedelta(seconds=10)
_TRUNCATE_PATIENCE = timedelta(seconds=0.5)
_POOL_SIZE = 10
# Above this many connections at once a request waits for one: PostgreSQL allows 100 by default, for all nodes.
_POOL_OVERFLOW = 20


class ReadSession(Session):
    """A view of the database at one moment; the database refuses changes through it."""


class WriteSession(ReadSession):
    """One transaction that may change rows; the code that opened it commits it."""

    def returning(self, statement: ReturningUpdate[_Returned] | ReturningDelete[_Returned]) -> list[_Returned]:
        """Run a change that returns rows; rows that this session already holds are refreshed."""
        options = {"synchronize_session": False, "populate_existing": True}
        return list(cast(Sequence[_Returned], self.exec(statement, execution_options=options).scalars().all()))

    def lock(self, name: str) -> None:
        """Keep every other transaction that locks `name` waiting until this one ends."""
        if self.get_bind().dialect.name != "sqlite":  # there, write transactions are serial
            self.exec(select(func.pg_advisory_xact_lock(func.hashtext(name))))

    def insert_new(self, row: _Row) -> _Row | None:
        """Insert `row` unless a unique key already holds its place; return it as stored, or None.

        On PostgreSQL this waits for a concurrent insert of the same key, then sees its result.
        """
        model = type(row)
        insert = sqlite_insert if self.get_bind().dialect.name == "sqlite" else postgresql_insert
        values = {name: getattr(row, name) for name in model.model_fields}
        statement = insert(model).values(values).on_conflict_do_nothing().returning(model)
        return cast(_Row | None, self.exec(statement).scalars().one_or_none())


class Database:
    """Opens sessions over one engine. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading = engine.execution_options(wren_access="read", postgresql_readonly=True)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[ReadSession]:
        """Open a read session; rows stay readable after it closes."""
        with _translate_errors(), ReadSession(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[WriteSession]:
        """Open a write session; it commits when the block ends and rolls back when the block raises."""
        with _translate_errors(), WriteSession(self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    def truncate_log(self) -> bool:
        """Empty SQLite's write-ahead log, so that what was deleted stays in no file; False while a session needs it.

        Call it outside of sessions. With PostgreSQL there is nothing to do here: its log is its operator's.
        """
        path = self.engine.url.database
        if not self.is_sqlite or path is None:
            return True
        # Not a pooled connection: while it waits for readers, writers wait for it, so it must be impatient.
        connection = sqlite3.connect(path, timeout=_TRUNCATE_PATIENCE.total_seconds(), isolation_level=None)
        try:
            is_busy = bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        except sqlite3.OperationalError:  # another connection writes
            return False
        finally:
            connection.close()
        return not is_busy

    @contextmanager
    def closed_on_failure(self) -> Iterator[None]:
        """Close every pooled connection when the block raises, for a start that does not complete."""
        try:
            yield
        except BaseException:
            self.dispose()
            raise

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def open_database(url: str | URL, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> Database:
    """Return the database at `url`: `sqlite:////path/to/file` or `postgresql://...`. Connects on first use.

    After `busy_timeout` a writer that waits for another, or for a connection, gets `DatabaseBusy`.

    Raises:
        DatabaseUnusable: the address does not name a database that Wren supports.
    """
    target = _check_url(url)
    if target.get_backend_name() == "sqlite":
        return Database(_sqlite_engine(target, busy_timeout))
    return Database(
        create_sqlalchemy_engine(
            target,
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_OVERFLOW,
            # After a restart of the server a connection is reopened, and no request fails.
            pool_pre_ping=True,
            connect_args={"application_name": "wren", "connect_timeout": round(busy_timeout.total_seconds())},
        )
    )


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as exc:
        error = database_error(exc)
        if error is None:
            raise
        raise error from exc


def _check_url(url: str | URL) -> URL:
    try:
        target = make_url(url)
    except ArgumentError:
        raise DatabaseUnusable(
            "the database address cannot be read; write sqlite:////path or postgresql://..."
        ) from None
    if target.drivername in {"postgres", "postgresql"}:
        return target.set(drivername="postgresql+psycopg")
    if target.drivername == "postgresql+psycopg":
        return target
    if target.drivername in {"sqlite", "sqlite+pysqlite"} and target.database not in {None, "", ":memory:"}:
        return target
    raise DatabaseUnusable(
        f"{target.drivername}:// is not a database Wren runs on; use postgresql://... or sqlite:////path/to/file"
    )


def _sqlite_engine(url: URL, busy_timeout: timedelta) -> Engine:
    _prepare_file(Path(str(url.database)))
    engine = create_sqlalchemy_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_OVERFLOW,
        connect_args={"timeout": busy_timeout.total_seconds(), "check_same_thread": False},
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_file(path: Path) -> None:
    """Make the file before SQLite does, so that it, its WAL and its index are readable by the owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as exc:
        raise DatabaseUnusable(f"the database file {path} cannot be opened for writing: {exc.strerror}") from exc


def _configure_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # None leaves BEGIN to `_begin_sqlite`; the driver itself would begin late, after the first read.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        # FULL: a 2xx means the row survives a power cut, not only a crash of this process.
        "synchronous = FULL",
        "foreign_keys = ON",
        # Deleted credentials are overwritten, not left in free pages.
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    is_read = connection.get_execution_options().get("wren_access") == "read"
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if is_read else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if is_read else "BEGIN IMMEDIATE")
