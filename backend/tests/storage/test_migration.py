import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

import wren_backend.migrations
from wren_backend.migrations.schema import TABLES, metadata
from wren_backend.storage import migration
from wren_backend.storage.database import open_database
from wren_backend.storage.errors import DatabaseUnusable
from wren_backend.storage.migration import current_revision, downgrade, head_revision, migrate, opened_database
from wren_core.testing.patience import patience

MIGRATE = (
    "import sys\n"
    "from wren_backend.storage.database import open_database\n"
    "from wren_backend.storage.migration import migrate\n"
    "migrate(open_database(sys.argv[1]))"
)


def table_names(database):
    return set(inspect(database.engine).get_table_names())


def test_models_and_migrations_agree(empty_database):
    migrate(empty_database)

    with empty_database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_every_table_is_made(empty_database):
    migrate(empty_database)

    assert table_names(empty_database) == {model.__tablename__ for model in TABLES} | {"alembic_version"}
    assert {table.name for table in metadata.sorted_tables} == {model.__tablename__ for model in TABLES}


def test_partial_indexes_and_json_columns_are_those_of_the_models(empty_database):
    migrate(empty_database)

    inspector = inspect(empty_database.engine)
    by_name = {index["name"]: index for name in table_names(empty_database) for index in inspector.get_indexes(name)}
    option = "sqlite_where" if empty_database.is_sqlite else "postgresql_where"
    for name in ("uq_connections_alias", "uq_deployments_name", "ix_runs_queue", "ix_runs_leases"):
        assert "status" in str(by_name[name]["dialect_options"][option]), name
    assert "next_fire_at IS NOT NULL" in str(by_name["ix_triggers_due"]["dialect_options"][option])
    kinds = {column["name"]: str(column["type"]) for column in inspector.get_columns("runs")}
    assert kinds["event"] == ("JSON" if empty_database.is_sqlite else "JSONB")


def test_migrating_twice_changes_nothing(empty_database):
    migrate(empty_database)
    migrate(empty_database)

    assert current_revision(empty_database) == head_revision() is not None


def test_downgrade_drops_everything_and_upgrade_brings_it_back(empty_database):
    migrate(empty_database)
    downgrade(empty_database, "base")
    emptied = table_names(empty_database)
    migrate(empty_database)

    assert emptied == {"alembic_version"}
    assert {model.__tablename__ for model in TABLES} <= table_names(empty_database)


def test_each_migration_can_be_taken_back_alone(empty_database):
    migrate(empty_database)
    steps = []
    while revision := current_revision(empty_database):
        steps.append(revision)
        downgrade(empty_database, "-1")

    versions = Path(wren_backend.migrations.__file__).parent / "versions"
    assert steps == sorted((path.name[:4] for path in versions.glob("0*.py")), reverse=True)


def test_two_processes_that_migrate_at_once_both_succeed(empty_database):
    url = empty_database.engine.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]

    errors = [process.communicate(timeout=patience(60))[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert current_revision(empty_database) == head_revision()


def test_a_migration_that_fails_half_way_leaves_nothing_behind(empty_database):
    def upgrade_then_fail(config):
        command.upgrade(config, "head")
        raise KeyError

    with pytest.raises(KeyError):
        migration._run(empty_database, upgrade_then_fail)

    assert table_names(empty_database) == set()
    migrate(empty_database)
    assert current_revision(empty_database) == head_revision()


def test_a_database_of_a_newer_version_is_refused(empty_database):
    migrate(empty_database)
    with empty_database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseUnusable, match="newer version of Wren") as caught:
        migrate(empty_database)

    assert caught.value.code == "DATABASE_UNUSABLE"


def test_a_migration_that_would_orphan_rows_is_refused(tmp_path, sqlite_template):
    path = tmp_path / "wren.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{path}")

    def orphan(config):
        config.attributes["connection"].exec_driver_sql(
            "INSERT INTO users (id, workspace_id, name, created_at) VALUES ('usr_x', 'ws_none', 'x', '2026-01-01')"
        )

    with pytest.raises(DatabaseUnusable, match="without their parents in users"):
        migration._run(database, orphan)

    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM users").scalar() == 0
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.dispose()


def test_a_database_is_opened_at_the_newest_version_before_the_first_start(tmp_path):
    with opened_database(f"sqlite:///{tmp_path / 'new.db'}") as database:
        assert current_revision(database) == head_revision()
