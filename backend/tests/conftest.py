"""The two databases: every test that asks for one runs on SQLite and on PostgreSQL."""

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text

from wren_backend.db import Database, open_database
from wren_backend.migration import migrate
from wren_backend.schema import metadata

T = TypeVar("T")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "wren.db"
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    database.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database on the server of this worker, emptied for every test."""
    with request.getfixturevalue("postgres_server").database() as url:
        database = open_database(url)
        migrate(database)
        yield database
        database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty database: the test runs once on each kind."""
    if request.param == "postgresql":
        database = request.getfixturevalue("migrated_postgres")
        tables = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        with database.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {tables} CASCADE"))
        yield database
        return
    path = tmp_path / "wren.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    database = open_database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, of its own: the test runs once on each kind."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'empty.db'}" if is_sqlite else request.getfixturevalue("postgres_url")
    database = open_database(url)
    yield database
    database.dispose()


@pytest.fixture
def together() -> Callable[[int, Callable[[int], T]], list[T]]:
    """Run a function in so many threads, all let go at the same moment, and return what each returned."""

    def run(count: int, function: Callable[[int], T]) -> list[T]:
        start = threading.Barrier(count)

        def one(number: int) -> T:
            start.wait(timeout=30)
            return function(number)

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    return run
