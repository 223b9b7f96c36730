import os
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, StatementError
from sqlmodel import select

from wren_backend.storage.database import Database, open_database
from wren_backend.storage.errors import DatabaseBusy, DatabaseFull, DatabaseUnusable
from wren_backend.tenancy.models import User, Workspace
from wren_backend.testing import NOW, add_subject


def workspace(slug: str, *, created_at: datetime = NOW) -> Workspace:
    return Workspace(id=f"ws_{slug}", slug=slug, name=slug, created_at=created_at)


def slugs(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.exec(select(Workspace.slug)))


def test_a_write_session_commits_when_its_block_ends(database):
    with database.writing() as session:
        session.add(workspace("one"))

    assert slugs(database) == ["one"]


def test_a_write_session_rolls_back_when_its_block_raises(database):
    def fail_half_way() -> None:
        with database.writing() as session:
            session.add(workspace("one"))
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()

    assert slugs(database) == []


def test_the_database_refuses_a_change_through_a_read_session(database):
    with database.reading() as session:
        session.add(workspace("one"))
        with pytest.raises(DBAPIError, match=r"read-?only"):
            session.commit()

    assert slugs(database) == []


def test_a_connection_writes_again_after_it_served_a_reader(database):
    for number in range(3):
        slugs(database)
        with database.writing() as session:
            session.add(workspace(str(number)))

    assert slugs(database) == ["0", "1", "2"]


def test_rows_stay_readable_after_their_session_closed(database):
    with database.writing() as session:
        row = workspace("one")
        session.add(row)

    assert (row.slug, row.created_at) == ("one", NOW)


def test_a_naive_datetime_is_refused(database):
    with pytest.raises(StatementError, match="timezone"), database.writing() as session:
        session.add(workspace("one", created_at=datetime(2026, 1, 1)))

    assert slugs(database) == []


def test_a_datetime_of_another_zone_comes_back_as_the_same_instant_in_utc(database):
    in_tokyo = datetime(2026, 1, 1, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))

    with database.writing() as session:
        session.add(workspace("one", created_at=in_tokyo))

    with database.reading() as session:
        stored = session.exec(select(Workspace.created_at)).one()
    assert stored == in_tokyo
    assert stored.tzinfo is UTC


def test_datetimes_of_different_zones_are_compared_as_instants(database):
    with database.writing() as session:
        session.add(workspace("early", created_at=datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))))
        session.add(workspace("late", created_at=datetime(2026, 1, 1, 1, tzinfo=UTC)))

    with database.reading() as session:
        limit = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
        assert session.exec(select(Workspace.slug).where(Workspace.created_at < limit)).all() == ["early"]


def test_insert_new_returns_the_row_once(database):
    with database.writing() as session:
        first = session.insert_new(workspace("one"))
        second = session.insert_new(workspace("one"))

    assert first is not None
    assert first.slug == "one"
    assert second is None


def test_foreign_keys_are_enforced_and_cascade(database):
    subject = add_subject(database)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.add(User(id="usr_x", workspace_id="ws_nowhere", name="x", created_at=NOW))

    with database.writing() as session:
        session.delete(session.exec(select(Workspace).where(Workspace.id == subject.workspace_id)).one())

    with database.reading() as session:
        assert session.exec(select(User)).all() == []


def test_writers_in_many_threads_all_get_their_turn(database, together):
    def add(number: int) -> None:
        with database.writing() as session:
            count = len(session.exec(select(Workspace.id)).all())
            session.add(workspace(f"{number}-{count}"))

    together(20, add)

    assert len(slugs(database)) == 20


def test_lock_keeps_the_second_transaction_waiting(database, together):
    def count_then_add(number: int) -> int:
        with database.writing() as session:
            session.lock("workspaces")
            count = len(session.exec(select(Workspace.id)).all())
            session.add(workspace(str(number)))
            return count

    assert sorted(together(8, count_then_add)) == list(range(8))


def test_the_sqlite_file_and_its_companions_belong_to_the_owner_alone(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'deep' / 'wren.db'}")

    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep").iterdir()}

    assert modes == {"wren.db": 0o600, "wren.db-wal": 0o600, "wren.db-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700
    database.dispose()


def test_sqlite_runs_as_configured(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'wren.db'}")
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")

    with database.engine.connect() as connection:
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]

    assert values == ["wal", 2, 1, 1, 10_000]
    database.dispose()


def test_a_sqlite_writer_that_waits_too_long_gets_an_error_that_says_try_again(tmp_path):
    url = f"sqlite:///{tmp_path / 'wren.db'}"
    patient, hasty = open_database(url), open_database(url, busy_timeout=timedelta(milliseconds=50))

    with patient.writing() as holder:
        holder.connection()
        with pytest.raises(DatabaseBusy) as caught, hasty.writing() as session:
            session.connection()
    with hasty.writing() as session:
        session.connection()

    assert caught.value.code == "DATABASE_BUSY"
    assert caught.value.can_retry
    assert caught.value.retry_after_ms == 1000
    patient.dispose()
    hasty.dispose()


def test_a_full_sqlite_database_says_so_and_keeps_nothing_half_written(tmp_path, sqlite_template):
    path = tmp_path / "wren.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{path}")

    def fill() -> None:
        with database.writing() as session:
            pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
            session.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            session.add_all(workspace(f"{number}-{'x' * 4000}") for number in range(50))

    with pytest.raises(DatabaseFull) as caught:
        fill()

    database.dispose()  # the page limit goes with the connection: there is room again
    assert slugs(database) == []
    with database.writing() as session:
        session.add(workspace("one"))
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert caught.value.code == "DATABASE_FULL"
    database.dispose()


def test_a_damaged_sqlite_file_is_named_as_such(tmp_path):
    path = tmp_path / "wren.db"
    path.write_bytes(b"this is not a database" * 500)
    database = open_database(f"sqlite:///{path}")

    with pytest.raises(DatabaseUnusable, match="SQLITE_NOTADB") as caught:
        slugs(database)

    assert caught.value.code == "DATABASE_UNUSABLE"
    database.dispose()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(DatabaseUnusable, match="cannot be opened for writing"):
        open_database(f"sqlite:///{tmp_path / 'file' / 'wren.db'}")


def test_a_server_that_does_not_answer_means_try_again():
    database = open_database("postgresql://nobody:hush@127.0.0.1:1/none")

    with pytest.raises(DatabaseBusy) as caught:
        slugs(database)

    assert "hush" not in str(caught.value)
    database.dispose()


def test_a_postgresql_connection_that_the_server_dropped_costs_no_request(migrated_postgres):
    database = open_database(migrated_postgres.engine.url)
    slugs(database)
    terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with migrated_postgres.engine.begin() as connection:
        connection.exec_driver_sql(f"{terminate} AND datname = current_database()")

    slugs(database)

    database.dispose()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "sqlite:///:memory:", "nonsense"])
def test_an_address_of_no_supported_database_is_refused(url):
    with pytest.raises(DatabaseUnusable) as caught:
        open_database(url)

    assert "sqlite:////path" in str(caught.value)


def test_secure_delete_overwrites_what_is_deleted(tmp_path, sqlite_template):
    path = tmp_path / "wren.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{path}")
    with database.writing() as session:
        session.add(workspace("planted-token-4711"))

    with database.writing() as session:
        session.delete(session.exec(select(Workspace)).one())
    database.dispose()

    assert not [name for name in os.listdir(tmp_path) if b"planted-token-4711" in Path(tmp_path, name).read_bytes()]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
