import datetime
from decimal import Decimal

import pytest

from wren_core import AuthFailed, InvalidInput, NotFound, Rejected, Unavailable
from wren_core.testing import serve
from wren_postgres import Postgres
from wren_postgres.fake import FakePostgres


@pytest.fixture
def fake():
    return FakePostgres()


@pytest.fixture
def connect(fake):
    made = []
    with serve(fake) as url:

        def perform(*, password=fake.password, **config):
            credentials = {**fake.credentials(), "password": password}
            made.append(Postgres.create({**fake.configuration(url), **config}, credentials=credentials))
            return made[-1]

        yield perform
        for integration in made:
            integration.close()


@pytest.fixture
def postgres(connect):
    return connect()


def test_a_query_finds_rows_of_the_declared_types(postgres):
    (row,) = postgres.query("SELECT * FROM orders WHERE total > $1 AND day > $2::date", [200, "2026-01-01"]).rows

    assert row == {
        "id": 3,
        "customer_id": 2,
        "total": Decimal("318.4"),
        "paid": False,
        "day": datetime.date(2026, 2, 4),
    }


def test_parameters_of_every_json_type_arrive(postgres):
    found = postgres.query("SELECT $1 AS a, $2 AS b, $3 AS c, $4 AS d, $5 AS e", [1, "x", 1.5, None, {"a": [1]}])

    assert found.rows == ({"a": 1, "b": "x", "c": 1.5, "d": None, "e": '{"a": [1]}'},)


def test_changes_are_committed_and_visible(fake, postgres):
    made = postgres.execute("INSERT INTO customers (name, city) VALUES ($1, $2) RETURNING id", ["Mill", "Bergen"])
    changed = postgres.execute("UPDATE customers SET city = 'Rome'")

    assert (made.rows, made.row_count, changed.row_count) == (({"id": 3},), 1, 3)
    assert fake.rows("SELECT count(*) FROM customers WHERE city = 'Rome'") == [(3,)]
    assert fake.statements == [
        "INSERT INTO customers (name, city) VALUES ($1, $2) RETURNING id",
        "UPDATE customers SET city = 'Rome'",
    ]


def test_tables_are_listed_and_described(postgres):
    assert [table.name for table in postgres.tables()] == ["customers", "orders"]
    columns = postgres.describe("customers").columns
    assert [(item.name, item.type, item.nullable) for item in columns] == [
        ("id", "integer", False),
        ("name", "text", False),
        ("city", "text", True),
    ]
    with pytest.raises(NotFound):
        postgres.describe("nowhere")


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT * FROM oders", InvalidInput),
        ("SELECT nam FROM customers", InvalidInput),
        ("SELEC 1", InvalidInput),
        ("SELECT 1; DELETE FROM orders", InvalidInput),
        ("COMMIT", InvalidInput),
        ("DELETE FROM orders RETURNING id", Rejected),
    ],
)
def test_invalid_statements_are_refused_as_the_server_does(fake, postgres, sql, error):
    with pytest.raises(error):
        postgres.query(sql)

    assert fake.rows("SELECT count(*) FROM orders") == [(3,)]
    assert postgres.query("SELECT 1 AS one").rows == ({"one": 1},)


def test_a_failed_change_is_rolled_back(fake, postgres):
    with pytest.raises(Rejected, match="UNIQUE constraint"):
        postgres.execute("INSERT INTO customers (id, name) VALUES (3, 'Mill'), (1, 'Again')")

    assert fake.rows("SELECT count(*) FROM customers") == [(2,)]


def test_a_wrong_password_is_refused(connect):
    with pytest.raises(AuthFailed, match="password authentication failed"):
        connect(password="wrong").query("SELECT 1")


def test_requested_failures_happen(fake, postgres):
    fake.fail_next("57014")
    with pytest.raises(Rejected, match="longer than 30 s"):
        postgres.query("SELECT 1")

    fake.fail_next("53300", "sorry, too many clients already", times=2)
    fake.end_faults()
    assert postgres.query("SELECT 1 AS one").rows == ({"one": 1},)

    fake.drop_next()
    with pytest.raises(Unavailable, match="may have been done"):
        postgres.execute("DELETE FROM orders")
    assert postgres.query("SELECT 1 AS one").rows == ({"one": 1},)


def test_the_client_reconnects_after_a_restart(fake, postgres):
    postgres.query("SELECT 1")

    fake.drop_clients()

    assert postgres.query("SELECT count(*) AS n FROM orders").rows == ({"n": 3},)


def test_fakes_are_independent_and_accept_other_content():
    one, other = FakePostgres(), FakePostgres(content="CREATE TABLE orders (id INTEGER)")

    assert (one.rows("SELECT count(*) FROM orders"), other.rows("SELECT count(*) FROM orders")) == ([(3,)], [(0,)])
