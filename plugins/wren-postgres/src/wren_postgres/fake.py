"""A PostgreSQL in memory, for tests without a server: its wire protocol in front of an SQLite database.

It accepts the SQL that SQLite also understands; casts such as `$1::date` are dropped. Read-only transactions refuse
writes, a second statement after a semicolon is refused, and errors have PostgreSQL's codes.

Example:
    fake = FakePostgres()
    with serve(fake) as url:
        postgres = Postgres.create(fake.configuration(url), credentials=fake.credentials())
        postgres.query("SELECT name FROM orders WHERE id = $1", [1])
"""

import re
import sqlite3
import weakref
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from typing import Any, BinaryIO, ClassVar
from urllib.parse import urlsplit

from wren_core.testing import FakeTcpProvider
from wren_postgres import catalog
from wren_postgres.fake_wire import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    SSL_REQUEST,
    FakeFailure,
    Field,
    Wire,
    bind_message,
    parse_message,
    text,
)

_NUMBERS = count(1)
_CONTENT = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, total NUMERIC(10,2), paid BOOLEAN, day DATE);
INSERT INTO customers VALUES (1, 'Northwind', 'Oslo'), (2, 'Harbour', NULL);
INSERT INTO orders VALUES (1, 1, 120.5, true, '2026-01-31'), (2, 1, 80, false, '2026-02-03'),
                          (3, 2, 318.4, false, '2026-02-04');
"""
_MASTER = """
SELECT 'public' AS schema_name, name, type AS kind, NULL AS estimated_rows, NULL AS comment FROM sqlite_master
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' AND ($1 IS NULL OR $1 = 'public')"""
# The integration's catalog queries, and their SQLite equivalents.
_TRANSLATED = {
    catalog.TABLES: f"{_MASTER} ORDER BY 2",
    catalog.TABLE: f"{_MASTER} AND name = $2",
    catalog.COLUMNS: """SELECT name, lower(type) AS type, "notnull" = 0 AND pk = 0 AS nullable, dflt_value AS "default",
                               NULL AS comment FROM pragma_table_info($2) WHERE $1 = 'public'""",
    catalog.DEFINITIONS: "SELECT sql FROM sqlite_master WHERE tbl_name = $2 AND sql IS NOT NULL AND $1 = 'public'",
}
_CODES = (
    ("no such table", "42P01"),
    ("no such column", "42703"),
    ("no such function", "42883"),
    ("readonly database", "25006"),
    ("UNIQUE constraint", "23505"),
    ("NOT NULL constraint", "23502"),
    ("FOREIGN KEY constraint", "23503"),
    ("CHECK constraint", "23514"),
    ("locked", "55P03"),
)
_DECLARED = "SELECT c.name, c.type FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'"
_TYPES = {int: "BIGINT", float: "DOUBLE PRECISION", bytes: "BYTEA"}
_READS = re.compile(r"\s*(SELECT|VALUES|WITH|EXPLAIN)\b", re.IGNORECASE)
_RETURNING = re.compile(r"\bRETURNING\s+(.+)$", re.IGNORECASE | re.DOTALL)


class FakePostgres(FakeTcpProvider):
    """A database `shop` with customers and orders.

    Args:
        username: role that may log in.
        password: its password.
        content: SQL that fills the database instead of customers and orders.
    """

    name: ClassVar[str] = "postgres"
    scheme: ClassVar[str] = "postgresql"

    def __init__(self, *, username: str = "alice", password: str = "fake-password", content: str = _CONTENT) -> None:  # noqa: S107 - a fake
        super().__init__()
        self.username, self.password = username, password
        self.statements: list[str] = []
        """Statements of query() and execute(), oldest first."""
        self._failures: list[FakeFailure | None] = []
        self._address = f"file:wren-fake-{next(_NUMBERS)}?mode=memory&cache=shared"
        self._keeper = self.open()  # the database in memory exists as long as it has a connection
        weakref.finalize(self, self._keeper.close)
        self._keeper.executescript(content)

    def configuration(self, url: str) -> dict[str, Any]:
        """Return the configuration for connecting to this fake at `url`."""
        place = urlsplit(url)
        where = {"host": place.hostname, "port": place.port, "database": "shop"}
        return {**where, "sslmode": "disable", "allow_writes": True}

    def credentials(self) -> dict[str, str]:
        """Return the user name and password."""
        return {"username": self.username, "password": self.password}

    def open(self) -> sqlite3.Connection:
        """Return a direct connection to the SQLite database."""
        connection = sqlite3.connect(self._address, uri=True, check_same_thread=False, isolation_level=None)
        connection.create_function("set_config", 3, lambda _name, value, _local: value)
        return connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement, run directly in the SQLite database."""
        with self.lock:
            return self._keeper.execute(sql).fetchall()

    def fail_next(self, sqlstate: str, message: str = "fault", *, times: int = 1) -> None:
        """Refuse the next statements with an error of this code, such as 57014 or 53300."""
        self._failures += [FakeFailure(sqlstate, message)] * times

    def drop_next(self, *, times: int = 1) -> None:
        """Drop the connection on the next statements instead of answering."""
        self._failures += [None] * times

    def end_faults(self) -> None:
        """Return to normal operation."""
        super().end_faults()
        self._failures.clear()

    def handle_client(self, stream: BinaryIO) -> None:
        """Speak with one client until it disconnects."""
        wire = Wire(stream)
        protocol, parameters = wire.read_startup()
        while protocol in (SSL_REQUEST, GSS_REQUEST):
            wire.answer_plainly()
            protocol, parameters = wire.read_startup()
        if protocol == CANCEL_REQUEST or not self._is_welcome(wire, parameters.get("user", "")):
            return
        with closing(self.open()) as database:
            _Session(fake=self, wire=wire, database=database).serve()

    def heard(self, sql: str) -> None:
        """Record a statement before it runs, and fail it if a test requested that."""
        if sql.startswith("SELECT set_config("):
            return  # part of every transaction
        if sql not in _TRANSLATED:
            self.statements.append(sql)
        if self._failures:
            failure = self._failures.pop(0)
            raise failure or EOFError

    def _is_welcome(self, wire: Wire, user: str) -> bool:
        wire.send("R", b"\0\0\0\3")
        wire.flush()
        kind, body = wire.read()
        if kind != "p" or (user, body.rstrip(b"\0").decode()) != (self.username, self.password):
            refusal = FakeFailure("28P01", f'password authentication failed for user "{user}"')
            wire.fail(refusal, severity="FATAL")
            wire.flush()
            return False
        wire.send("R", b"\0\0\0\0")
        for name, value in {"server_version": "18.0", "client_encoding": "UTF8", "TimeZone": "UTC"}.items():
            wire.send("S", text(name) + text(value))
        wire.send("K", b"\0\0\0\1" * 2)
        wire.ready("I")
        return True


@dataclass(frozen=True, kw_only=True)
class _Result:
    fields: tuple[Field, ...]
    rows: list[tuple[Any, ...]]
    tag: str


@dataclass(kw_only=True)
class _Session:
    """The session of one client after the login."""

    fake: FakePostgres
    wire: Wire
    database: sqlite3.Connection
    status: str = "I"
    asked: str = ""
    sql: str = ""
    """The statement in SQLite's syntax."""
    oids: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    result: _Result | None = None

    def serve(self) -> None:
        skipping = False
        while (message := self.wire.read())[0] != "X":
            kind, body = message
            if kind == "S":
                skipping = False
                self.wire.ready(self.status)
            elif not skipping:
                # Messages after a failure are skipped up to Sync; a simple query ends a failure itself.
                skipping = not self._take_message(kind, body) and kind != "Q"
            if kind == "Q":
                self.wire.ready(self.status)

    def _take_message(self, kind: str, body: bytes) -> bool:
        try:
            with self.fake.lock:
                self._take(kind, body)
        except (FakeFailure, sqlite3.Error) as exc:
            self.wire.fail(_failure(exc))
            self.status = "E" if self.status == "T" else self.status
            return False
        return True

    def _take(self, kind: str, body: bytes) -> None:
        if kind == "Q":
            self._answer(self._transact(body.rstrip(b"\0").decode()))
        elif kind == "P":
            self._parse(body)
        elif kind == "B":
            self.values, self.result = bind_message(body, self.oids), None
            self.wire.send("2")
        elif kind == "D" and body[:1] == b"S":
            self.wire.describe_parameters(self._count_parameters())
            self.wire.describe(self._predict_columns())
        elif kind == "D":
            self.wire.describe(self._run().fields)
        elif kind == "E":
            self._answer(self._run())

    def _transact(self, sql: str) -> _Result:
        word = sql.split()[0].upper()
        if word == "SAVEPOINT" or sql.upper().startswith("ROLLBACK TO"):
            self.database.execute(sql)
            self.status = "T"
        elif word == "BEGIN":
            self.database.execute(f"PRAGMA query_only = {'ON' if 'READ ONLY' in sql.upper() else 'OFF'}")
            self.database.execute("BEGIN")
            self.status = "T"
        elif self.status != "I":
            self.database.execute("ROLLBACK" if self.status == "E" else word)
            self.status = "I"
        return _Result(fields=(), rows=[], tag=word)

    def _parse(self, body: bytes) -> None:
        self.asked, self.oids = parse_message(body)
        if self.status == "E":
            raise FakeFailure("25P02", "current transaction is aborted")
        if ";" in re.sub(r"'[^']*'", "", self.asked.rstrip().rstrip(";")):
            raise FakeFailure("42601", "cannot insert multiple commands into a prepared statement")
        self.sql = re.sub(r"::\w+(\[\])?", "", _TRANSLATED.get(self.asked, self.asked)).rstrip().rstrip(";")
        self.wire.send("1")

    def _count_parameters(self) -> int:
        return max(map(int, re.findall(r"\$(\d+)", self.sql)), default=0)

    def _predict_columns(self) -> tuple[Field, ...]:
        """Return the columns of a statement before it runs."""
        unknown = dict.fromkeys(re.findall(r"\$(\d+)", self.sql))
        if _READS.match(self.sql):
            return self._execute(unknown).fields
        self.database.execute(f"EXPLAIN {self.sql}", unknown)  # only compiles it
        returned = _RETURNING.search(self.sql)
        return self._fields([name.strip() for name in returned[1].split(",")]) if returned else ()

    def _run(self) -> _Result:
        if self.result is None:
            self.fake.heard(self.asked)
            self.result = self._execute({str(place): value for place, value in enumerate(self.values, 1)})
        return self.result

    def _execute(self, values: dict[str, Any]) -> _Result:
        if self.sql.upper() in ("BEGIN", "COMMIT", "ROLLBACK"):
            return self._transact(self.sql)
        cursor = self.database.execute(self.sql, values)
        rows = cursor.fetchall()
        fields = self._fields([item[0] for item in cursor.description or ()], *rows[:1])
        verb, count = self.sql.split()[0].upper(), len(rows) if rows else max(cursor.rowcount, 0)
        return _Result(fields=fields, rows=rows, tag=f"{verb} 0 {count}" if verb == "INSERT" else f"{verb} {count}")

    def _fields(self, names: Sequence[str], first: Sequence[Any] = ()) -> tuple[Field, ...]:
        """Type columns by the declared type of the table column with that name, and others by a value."""
        declared = dict(self.database.execute(_DECLARED).fetchall())
        values = first or [None] * len(names)
        return tuple(
            Field.of(name, declared.get(name) or _TYPES.get(type(value), "TEXT"))
            for name, value in zip(names, values, strict=True)
        )

    def _answer(self, result: _Result) -> None:
        for row in result.rows:
            self.wire.row(result.fields, row)
        self.wire.send("C", text(result.tag))


def _failure(exc: FakeFailure | sqlite3.Error) -> FakeFailure:
    if isinstance(exc, FakeFailure):
        return exc
    message = str(exc)
    return FakeFailure(next((code for words, code in _CODES if words in message), "42601"), message)
