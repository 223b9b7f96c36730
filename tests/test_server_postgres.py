"""The PostgreSQL of the tests: the right version, a new database for each test, no files left behind."""

import psutil
import psycopg
import pytest

from servers.postgres import postgres
from servers.process import is_listening


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def test_it_is_version_18(postgres_url):
    with connect(postgres_url) as connection:
        version = connection.info.server_version

    assert version // 10000 == 18


def test_each_test_gets_an_empty_separate_database(postgres_server):
    with postgres_server.database() as first, postgres_server.database() as second:
        with connect(first) as connection:
            connection.execute("CREATE TABLE kept (id int)")

        with connect(second) as connection:
            tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()

    assert first != second
    assert tables == (0,)


def test_a_database_with_open_connections_is_dropped(postgres_server):
    with postgres_server.database() as url:
        forgotten = connect(url)

    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(url)


def test_two_sessions_can_take_a_row_without_waiting_for_each_other(postgres_url):
    taking = "SELECT id FROM due ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
    with connect(postgres_url) as first, connect(postgres_url) as second:
        first.execute("CREATE TABLE due (id int); INSERT INTO due VALUES (1), (2)")

        with first.transaction(), second.transaction():
            taken = [first.execute(taking).fetchone(), second.execute(taking).fetchone()]

    assert taken == [(1,), (2,)]


def test_the_server_never_runs_as_root_and_listens_only_on_loopback(postgres_server):
    server = next(p for p in psutil.Process().children() if is_listening(p.pid, postgres_server.port))

    addresses = {c.laddr.ip for c in server.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN}

    assert server.uids().real != 0
    assert addresses == {"127.0.0.1"}


def test_a_stopped_cluster_leaves_no_server_and_no_files():
    with postgres() as server:
        folder_existed = server.folder.exists()

    assert folder_existed
    assert not server.folder.exists()
    with pytest.raises(psycopg.OperationalError):
        connect(server.url())
