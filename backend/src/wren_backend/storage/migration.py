"""Migrates the tables of the database to the version this code needs, also when several processes start at once.

The whole upgrade is one transaction on both databases. A second process waits for the first, then finds nothing to do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from wren_backend.storage.database import Database, open_database
from wren_backend.storage.errors import DatabaseUnusable, database_error

_SCRIPTS = Path(__file__).parents[1] / "migrations"
# The name of the lock: any number, the same in every process.
_LOCK_ID = 0x5772656E


def migrate(database: Database) -> None:
    """Upgrade to the newest version.

    Raises:
        DatabaseUnusable: the database was written by a newer version of Wren, or is damaged.
    """
    _run(database, lambda config: command.upgrade(config, "head"))


@contextmanager
def opened_database(url: str) -> Iterator[Database]:
    """Open the database at `url` for a block, at the newest version."""
    database = open_database(url)
    migrate(database)
    try:
        yield database
    finally:
        database.dispose()


def downgrade(database: Database, revision: str) -> None:
    """Go back to `revision` (`base` drops every table). Data of dropped columns and tables is gone."""
    _run(database, lambda config: command.downgrade(config, revision))


def current_revision(database: Database) -> str | None:
    """Return the version of the database, or None for an empty one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """Return the version this code needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


def _run(database: Database, step: Callable[[Config], None]) -> None:
    config = _config()
    try:
        with _exclusive_transaction(database) as connection:
            config.attributes["connection"] = connection
            step(config)
    except CommandError as exc:
        raise DatabaseUnusable(f"the database cannot be migrated: {exc}; run a newer version of Wren") from exc
    except DBAPIError as exc:
        raise (database_error(exc) or DatabaseUnusable(f"the database cannot be migrated: {exc.orig}")) from exc


@contextmanager
def _exclusive_transaction(database: Database) -> Iterator[Connection]:
    with database.engine.connect() as connection:
        if database.is_sqlite:
            with _without_foreign_keys(connection), connection.begin():  # BEGIN IMMEDIATE: one migrates, the rest wait
                yield connection
                _refuse_dangling_rows(connection)
        else:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
                yield connection


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Keep SQLite from cascading deletes while a migration rebuilds a table; effective between transactions only."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise DatabaseUnusable("the database connection closed before the migration began")
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _refuse_dangling_rows(connection: Connection) -> None:
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if dangling:
        tables = sorted({str(row[0]) for row in dangling})
        raise DatabaseUnusable(f"the migration would leave rows without their parents in {', '.join(tables)}")
