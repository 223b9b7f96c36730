import threading
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from wren_core import (
    AuthFailed,
    InvalidInput,
    NotFound,
    Rejected,
    Unavailable,
    UserFacingConfigError,
    WrenError,
)
from wren_core.contract.execution import to_json
from wren_core.testing.patience import patience


def test_rows_are_keyed_by_column_name_with_their_types(postgres):
    found = postgres.query("SELECT id, total FROM orders WHERE id <= $1 ORDER BY id", [2])

    assert [(column.name, column.type) for column in found.columns] == [("id", "integer"), ("total", "numeric")]
    assert found.rows == ({"id": 1, "total": Decimal("1.00")}, {"id": 2, "total": Decimal("2.00")})
    assert not found.truncated


def test_a_query_without_rows_has_columns(postgres):
    found = postgres.query("SELECT name, mood FROM customers WHERE false")

    assert [(column.name, column.type) for column in found.columns] == [("name", "text"), ("mood", "mood")]
    assert found.rows == ()


@pytest.mark.parametrize(
    ("sql", "python", "as_json"),
    [
        ("1.50::numeric", Decimal("1.50"), "1.50"),
        ("date '2026-01-31'", datetime(2026, 1, 31).date(), "2026-01-31"),
        ("timestamptz '2026-01-31 12:00+00'", datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z"),
        ("'\\xff00'::bytea", b"\xff\x00", "_wA="),
        ("array[1, null]", [1, None], [1, None]),
        ("array['a', 'b']", ["a", "b"], ["a", "b"]),
        ("uuid '00000000-0000-0000-0000-000000000001'", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("'{\"a\": [1]}'::jsonb", {"a": [1]}, {"a": [1]}),
        ("true", True, True),
        ("null::text", None, None),
        ("'NaN'::float8", "NaN", "NaN"),
        ("'-Infinity'::float4", "-Infinity", "-Infinity"),
        ("'NaN'::numeric", "NaN", "NaN"),
        ("'Infinity'::numeric", "Infinity", "Infinity"),
        ("int4range(1, 4)", "[1,4)", "[1,4)"),
        ("'1 mon'::interval", "1 mon", "1 mon"),
        ("'1 year 2 days'::interval", "1 year 2 days", "1 year 2 days"),
        ("'-2 days 03:04:05.5'::interval", timedelta(days=-2, hours=3, minutes=4, seconds=5.5), "-P1DT20H55M54.5S"),
        ("'2000000000 days'::interval", "2000000000 days", "2000000000 days"),
        ("'infinity'::timestamptz", "infinity", "infinity"),
        ("'-infinity'::timestamp", "-infinity", "-infinity"),
        ("'infinity'::date", "infinity", "infinity"),
        ("'0044-03-15 BC'::date", "0044-03-15 BC", "0044-03-15 BC"),
        ("'20000-01-01'::timestamp", "20000-01-01 00:00:00", "20000-01-01 00:00:00"),
        ("'24:00'::time", "24:00:00", "24:00:00"),
        ("array['infinity'::date, '2026-01-31']", ["infinity", date(2026, 1, 31)], ["infinity", "2026-01-31"]),
        ("daterange('2026-01-31', 'infinity')", "[2026-01-31,infinity)", "[2026-01-31,infinity)"),
        ("'[0.1, 0.1234567890123456789]'::jsonb", [0.1, "0.1234567890123456789"], [0.1, "0.1234567890123456789"]),
        ("'1e400'::json", "1e400", "1e400"),
        ("'busy'::mood", "busy", "busy"),
        ("2 ^ 62", 2.0**62, 2.0**62),
        ("9007199254740993", 9007199254740993, 9007199254740993),
    ],
)
def test_values_keep_their_types_and_have_a_json_form(postgres, sql, python, as_json):
    found = postgres.query(f"SELECT {sql} AS value")

    assert found.rows[0]["value"] == python
    assert to_json(postgres, "query", found)["rows"][0]["value"] == as_json


@pytest.mark.parametrize(
    ("sql", "params", "value"),
    [
        ("SELECT $1::int + $2", [1, 2], 3),
        ("SELECT $1 LIKE '%100\\%'", ["is 100%"], True),
        ("SELECT $1::jsonb -> 'a'", [{"a": 5}], 5),
        ("SELECT jsonb_array_length($1)", [[{"a": 5}, {}]], 2),
        ("SELECT 2 = ANY($1)", [[1, 2]], True),
        ("SELECT $1::text IS NULL", [None], True),
        ("SELECT $1", ["'; DROP TABLE canary; --"], "'; DROP TABLE canary; --"),
        ("SELECT jsonb_build_object('a', $1)", [3], {"a": 3}),
        ("SELECT extract(year FROM $1::timestamptz)::int", ["2026-01-31T12:00:00Z"], 2026),
        ("SELECT $1::jsonb", [[]], []),
        ("SELECT $1::json", [[]], []),
        ("SELECT $1::jsonb", [[1, None, "a"]], [1, None, "a"]),
        ("SELECT $1::jsonb", [[[], {"a": []}]], [[], {"a": []}]),
        ("SELECT $1::jsonb", [{}], {}),
        ("SELECT $1::json_list", [[1, 2]], [1, 2]),
        ("SELECT $1::jsonb[]", [[[1], {"a": 2}, []]], [[1], {"a": 2}, []]),
        ("SELECT $1::int[]", [[]], []),
        ("SELECT $1::text[]", [["a", None]], ["a", None]),
        ("SELECT jsonb_typeof(coalesce($1, 'null'::jsonb))", [[]], "array"),
        ("SELECT array_length($1, 1)", [[4, 5]], 2),
        ("SELECT $1", [[1, 2]], [1, 2]),
        ("SELECT $1::jsonb", [{"at": date(2026, 1, 31)}], {"at": "2026-01-31"}),
    ],
)
def test_parameters_are_sent_separately_from_the_sql(postgres, sql, params, value):
    (row,) = postgres.query(sql, params).rows

    assert next(iter(row.values())) == value


def test_a_list_is_stored_as_the_type_of_its_column(connect, ask):
    postgres = connect(allow_writes=True)
    ask("CREATE TABLE kept (data jsonb, words text[], id int)")
    values = [(1, [], []), (2, ["a"], ["a"]), (3, [1, [2]], ["1", "2"]), (4, {"a": []}, [])]

    for number, data, words in values:
        postgres.execute("INSERT INTO kept (id, data, words) VALUES ($1, $2, $3)", [number, data, words])

    assert ask("SELECT id, data, words FROM kept ORDER BY id") == values
    postgres.execute("UPDATE kept SET data = $1 WHERE id = ANY($2)", [[], [2, 3]])
    assert ask("SELECT data FROM kept WHERE id = 3") == [([],)]
    ask("DROP TABLE kept")


@pytest.mark.parametrize("odd", ["'infinity'::timestamptz", "'1 mon'::interval", "'24:00'::time", "'NaN'::float8"])
def test_a_row_with_an_odd_value_is_kept_whole(postgres, odd):
    (row,) = postgres.query(f"SELECT 1 AS a, {odd} AS odd, 'b' AS b").rows

    assert (row["a"], row["b"], isinstance(row["odd"], str)) == (1, "b", True)


@pytest.mark.parametrize("password", ["grün", "ключ €", "two words", "quote'd\\"])
def test_a_password_with_any_characters_logs_in(connect, ask, password):
    ask(f"ALTER ROLE shop_reader PASSWORD $p${password}$p$")
    try:
        found = connect(username="shop_reader", password=password).query("SELECT current_user AS who")
    finally:
        ask("ALTER ROLE shop_reader PASSWORD 'only-for-reading'")

    assert found.rows == ({"who": "shop_reader"},)


def test_columns_with_the_same_name_are_all_kept(postgres):
    assert postgres.query("SELECT 1 AS a, 2 AS a, 3 AS a_2").rows == ({"a": 1, "a_2": 2, "a_2_2": 3},)


def test_show_and_explain_return_rows(postgres):
    assert postgres.query("SHOW transaction_read_only").rows == ({"transaction_read_only": "on"},)
    assert "Scan" in postgres.query("EXPLAIN SELECT * FROM orders").rows[0]["QUERY PLAN"]


def test_rows_beyond_the_limit_are_truncated_and_reported(connect):
    postgres = connect(max_rows=10)

    assert len(postgres.query("SELECT * FROM orders", limit=3).rows) == 3
    found = postgres.query("SELECT * FROM orders", limit=400)
    assert len(found.rows) == 10
    assert found.truncated
    assert not postgres.query("SELECT * FROM orders LIMIT 10").truncated


def test_an_endless_result_is_abandoned_after_the_limit(connect):
    postgres = connect(statement_timeout_seconds=30)
    started = time.monotonic()

    found = postgres.query("SELECT 1 FROM orders a, orders b, orders c, orders d", limit=5)

    assert len(found.rows) == 5
    assert found.truncated
    assert time.monotonic() - started < patience(10)
    assert postgres.query("SELECT 1 AS one").rows == ({"one": 1},)


def test_a_result_of_large_rows_is_truncated_by_size(connect):
    found = connect(max_result_mb=1).query("SELECT repeat('x', 300000) AS text FROM generate_series(1, 100)")

    assert len(found.rows) == 4
    assert found.truncated


@pytest.mark.parametrize(
    ("sql", "words", "position"),
    [
        ("SELEC 1", "syntax error", 1),
        ("SELECT nam FROM customers", 'Perhaps you meant to reference the column "customers.name"', 8),
        ("SELECT * FROM order_s", r"postgres\.tables\(\)", 15),
        ("SELECT 1 / 0", "division by zero", None),
        ("SELECT '2026-02-30'::date", "out of range", 8),
        ("SELECT $1::int", "bind message|no parameter", None),
        ("", "at least 1 character|shorter", None),
    ],
)
def test_an_invalid_statement_error_has_its_position(postgres, sql, words, position):
    with pytest.raises(InvalidInput, match=words) as caught:
        postgres.query(sql)

    assert caught.value.details.get("position") == position


def test_a_slow_statement_is_cancelled_with_a_clear_error(connect):
    postgres = connect(statement_timeout_seconds=1)

    with pytest.raises(Rejected, match=r"longer than 1 s.*statement_timeout_seconds") as caught:
        postgres.query("SELECT set_config('statement_timeout', '0', false), pg_sleep(60)")

    assert caught.value.code == "STATEMENT_TIMEOUT"
    assert postgres.query("SELECT 1 AS one").rows == ({"one": 1},)


ESCAPES = [
    "DELETE FROM canary",
    "DELETE FROM canary RETURNING *",
    "COMMIT; DELETE FROM canary",
    "SELECT 1; COMMIT; DELETE FROM canary",
    "SELECT 1; DELETE FROM canary; --",
    "COMMIT",
    "END",
    "ROLLBACK",
    "COMMIT AND CHAIN",
    "BEGIN READ WRITE",
    "SET TRANSACTION READ WRITE",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SET default_transaction_read_only = off",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "WITH gone AS (DELETE FROM canary RETURNING *) SELECT * FROM gone",
    "SELECT kill_canary()",
    "SELECT unlock_and_kill()",
    "CALL commit_and_kill(1)",
    "DO $$ BEGIN DELETE FROM canary; END $$",
    "DO $$ BEGIN COMMIT; DELETE FROM canary; COMMIT; END $$",
    "EXPLAIN ANALYZE DELETE FROM canary",
    "PREPARE kill AS DELETE FROM canary",
    "EXECUTE kill",
    "DECLARE kill CURSOR WITH HOLD FOR SELECT kill_canary()",
    "SELECT * INTO copied FROM canary",
    "CREATE TABLE made AS SELECT 1",
    "SELECT nextval('counter')",
    "SELECT lo_create(4711)",
    "COPY canary TO STDOUT",
    "COPY canary FROM STDIN",
    "LISTEN channel",
    "VACUUM",
]


@pytest.fixture(scope="module")
def untouched(ask):
    def look():
        return (
            ask("SELECT * FROM canary"),
            ask("SELECT count(*) FROM pg_class WHERE relname IN ('copied', 'made')"),
            ask("SELECT is_called FROM counter"),
            ask("SELECT count(*) FROM pg_largeobject_metadata"),
        )

    assert look() == ([(True,)], [(0,)], [(False,)], [(0,)])
    return look


@pytest.mark.parametrize("sql", ESCAPES)
def test_query_cannot_change_data(postgres, untouched, sql):
    before = untouched()

    with pytest.raises((InvalidInput, Rejected)):
        postgres.query(sql)

    assert untouched() == before
    with pytest.raises(Rejected, match="read-only transaction"):
        postgres.query("DELETE FROM canary RETURNING *")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT set_config('default_transaction_read_only', 'off', false)",
        "SELECT set_config('search_path', 'archive', false)",
    ],
)
def test_settings_of_one_query_do_not_affect_the_next(postgres, sql):
    postgres.query(sql)

    assert postgres.query("SHOW search_path").rows == ({"search_path": '"$user", public'},)
    assert postgres.query("SHOW default_transaction_read_only").rows == ({"default_transaction_read_only": "off"},)
    with pytest.raises(Rejected, match="read-only transaction"):
        postgres.query("DELETE FROM canary RETURNING *")


def test_query_cannot_run_a_program_on_the_server(postgres, postgres_server):
    # A superuser may run it, and the server does not treat it as a change of data.
    mark = postgres_server.folder / "escaped"

    with pytest.raises(InvalidInput, match="returns none"):
        postgres.query(f"COPY (SELECT 1) TO PROGRAM 'cat > {mark}'")

    assert not mark.exists()


def test_execute_is_refused_without_allow_writes(postgres, ask):
    with pytest.raises(UserFacingConfigError, match="allow_writes") as caught:
        postgres.execute("DELETE FROM canary")

    assert caught.value.code == "WRITES_NOT_ALLOWED"
    assert ask("SELECT * FROM canary") == [(True,)]


@pytest.fixture
def writer(connect, ask):
    ask("DROP TABLE IF EXISTS notes; CREATE TABLE notes (id serial PRIMARY KEY, text text UNIQUE)")
    return connect(allow_writes=True)


def test_a_change_is_made_and_counted(writer, ask):
    made = writer.execute("INSERT INTO notes (text) SELECT 'n' || i FROM generate_series(1, $1) AS i", [5])
    changed = writer.execute("UPDATE notes SET text = text || '!' WHERE id > $1", [3])

    assert (made.row_count, changed.row_count, changed.rows) == (5, 2, ())
    assert ask("SELECT count(*) FROM notes WHERE text LIKE '%!'") == [(2,)]


def test_the_limit_applies_to_returning_but_not_to_the_change(writer, ask):
    done = writer.execute("INSERT INTO notes (text) SELECT i::text FROM generate_series(1, 50) i RETURNING id", limit=2)

    assert [row["id"] for row in done.rows] == [1, 2]
    assert (done.row_count, done.truncated) == (50, True)
    assert ask("SELECT count(*) FROM notes") == [(50,)]


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("INSERT INTO notes (text) VALUES ('a'), ('b'), ('a')", Rejected),
        ("INSERT INTO notes (text) VALUES ('c'); DROP TABLE notes", InvalidInput),
        ("INSERT INTO notes (nothing) VALUES (1)", InvalidInput),
        ("INSERT INTO notes (text) VALUES ((1 / 0)::text)", InvalidInput),
    ],
)
def test_a_failed_change_is_rolled_back(writer, ask, sql, error):
    with pytest.raises(error):
        writer.execute(sql)

    assert ask("SELECT count(*) FROM notes") == [(0,)]
    assert writer.execute("INSERT INTO notes (text) VALUES ('after')").row_count == 1


def test_a_slow_change_is_rolled_back(connect, writer, ask):
    with pytest.raises(Rejected, match="longer than 1 s"):
        connect(allow_writes=True, statement_timeout_seconds=1).execute(
            "INSERT INTO notes (text) SELECT pg_sleep(60)::text"
        )

    assert ask("SELECT count(*) FROM notes") == [(0,)]


def test_a_change_whose_connection_breaks_cannot_be_retried(writer, ask):
    def cut():
        while not ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO notes%sleep%'"
        ):
            time.sleep(0.02)

    killer = threading.Thread(target=cut)
    killer.start()
    with pytest.raises(Unavailable, match="may have been done") as caught:
        writer.execute("INSERT INTO notes (text) SELECT 'x' FROM pg_sleep(20)")
    killer.join()

    assert caught.value.can_retry is False
    assert writer.query("SELECT count(*) AS n FROM notes").rows == ({"n": 0},)


def test_a_connection_lost_between_two_statements_is_opened_again(postgres, ask):
    (row,) = postgres.query("SELECT pg_backend_pid() AS pid").rows
    ask(f"SELECT pg_terminate_backend({row['pid']}, 5000)")

    assert postgres.query("SELECT 1 AS one").rows == ({"one": 1},)


def test_threads_share_one_connection_without_mixing_responses(postgres):
    answers = {}

    def ask_for(number):
        answers[number] = postgres.query("SELECT $1::int AS n, pg_sleep(0.01)::text AS s", [number]).rows[0]["n"]

    threads = [threading.Thread(target=ask_for, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {number: number for number in range(8)}


def test_tables_and_views_are_listed_with_their_comments(postgres):
    tables = {(table.schema_name, table.name): table for table in postgres.tables()}

    assert {("public", "orders"), ("public", "big_orders"), ("archive", "orders")} <= set(tables)
    assert tables["public", "orders"].comment == "One row a sale"
    assert tables["public", "big_orders"].kind == "view"
    assert [table.name for table in postgres.tables(schema="archive")] == ["orders"]


def test_a_table_is_described_with_its_keys_and_checks(postgres):
    orders = postgres.describe("orders")

    shown = {column.name: (column.type, column.nullable, column.comment) for column in orders.columns}
    assert shown == {
        "id": ("integer", False, None),
        "customer_id": ("integer", False, None),
        "total": ("numeric(10,2)", True, "With tax"),
        "placed_at": ("timestamp with time zone", False, None),
    }
    assert orders.columns[3].default == "now()"
    assert "FOREIGN KEY (customer_id) REFERENCES customers(id)" in orders.definitions
    assert "PRIMARY KEY (id)" in orders.definitions
    assert [column.name for column in postgres.describe("archive.orders").columns] == ["id"]


def test_an_unknown_table_error_says_how_to_list_tables(postgres):
    with pytest.raises(NotFound, match=r"no table 'oders'.*postgres\.tables\(\)"):
        postgres.describe("oders")


def test_a_role_sees_only_the_tables_granted_to_it(connect):
    reader = connect(username="shop_reader", password="only-for-reading")

    assert [table.name for table in reader.tables()] == ["orders"]
    assert reader.query("SELECT count(*) AS n FROM orders").rows == ({"n": 500},)
    with pytest.raises(Rejected, match="permission denied"):
        reader.query("SELECT * FROM customers")


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_refused_password_raises_auth_failed(connect, password):
    with pytest.raises(AuthFailed, match="wren connect postgres") as caught:
        connect(username="shop_reader", password=password).query("SELECT 1")

    assert "wrong" not in caught.value.message


def test_an_unknown_role_is_refused_the_same_way(connect):
    with pytest.raises(AuthFailed, match="does not exist"):
        connect(username="nobody_here").query("SELECT 1")


@pytest.mark.parametrize("config", [{"database": "nowhere"}, {"sslmode": "require"}, {"sslmode": "verify-full"}])
def test_a_wrong_configuration_is_a_configuration_error(connect, config):
    with pytest.raises(UserFacingConfigError) as caught:
        connect(**config).query("SELECT 1")

    assert caught.value.code == "CONNECTION_MISCONFIGURED"


@pytest.mark.parametrize("config", [{"port": 1}, {"host": "nowhere.invalid"}])
def test_an_unreachable_server_is_unavailable(connect, config):
    with pytest.raises(Unavailable) as caught:
        connect(**config).execute("SELECT 1") if "allow_writes" in config else connect(**config).query("SELECT 1")

    assert caught.value.can_retry


def test_a_change_that_never_reached_a_server_may_be_repeated(connect):
    with pytest.raises(Unavailable) as caught:
        connect(port=1, allow_writes=True).execute("DELETE FROM canary")

    assert caught.value.can_retry


def test_the_password_is_secret_and_the_user_name_is_not(connect):
    with pytest.raises(WrenError) as caught:
        connect(password="orders-password").query("SELECT postgres, 'orders-password' FROM nowhere_orders-password")

    assert "orders-password" not in caught.value.message
