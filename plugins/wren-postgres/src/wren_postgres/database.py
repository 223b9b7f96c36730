"""One psycopg connection with Wren's rules: one statement at a time, each in its own transaction.

Statements use the extended protocol, in which the server accepts no second statement after a semicolon. The server
describes a statement before it runs: `read` refuses statements without rows (COMMIT, SET, DO, COPY ... TO PROGRAM).
"""

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
from psycopg import generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.types.json import Jsonb

from wren_core import InvalidInput
from wren_postgres.parameters import PostgresConfig
from wren_postgres.records import Column, ExecuteResult, QueryResult
from wren_postgres.verdicts import verdict

# Seconds; a server that disappeared is detected after 10 + 3 * 5 seconds.
_ALIVE = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
Connection = psycopg.Connection[Any]


class Database:
    """A database, connected on first use, and again if the connection was lost between two statements."""

    def __init__(self, config: PostgresConfig, *, user: str, password: str) -> None:
        where = {**config.model_dump(include={"host", "port", "sslmode"}), "dbname": config.database}
        authorities = "system" if config.sslmode == "verify-full" else None
        self._parameters: dict[str, Any] = (
            _ALIVE | where | {"sslrootcert": authorities, "user": user, "password": password}
        )
        self._timeout = config.statement_timeout_seconds
        self._max_bytes = config.max_result_mb * 1024 * 1024
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def read(self, sql: str, params: Sequence[Any] = (), *, limit: int) -> QueryResult:
        """Run a statement that returns rows and changes nothing."""
        with self._transaction("BEGIN READ ONLY", "ROLLBACK") as connection:
            columns = _describe(connection, sql, params)
            if not columns:
                raise InvalidInput("query() runs only statements that return rows; this returns none, see execute()")
            rows, size, truncated = list[dict[str, Any]](), 0, False
            for values in psycopg.RawCursor(connection).stream(sql, _adapt_params(params)):
                truncated = len(rows) == limit or size > self._max_bytes
                if truncated:
                    break  # psycopg then cancels the remaining rows
                rows.append({column.name: _plain(value) for column, value in zip(columns, values, strict=True)})
                size += len(str(values))
            return QueryResult(columns=columns, rows=tuple(rows), truncated=truncated)

    def write(self, sql: str, params: Sequence[Any] = (), *, limit: int) -> ExecuteResult:
        """Run any single statement and commit it; keep the first `limit` of the rows it returns."""
        with self._transaction("BEGIN", "COMMIT") as connection:
            columns = _describe(connection, sql, params)
            cursor, rows, found = psycopg.RawCursor(connection), list[dict[str, Any]](), 0
            if columns:
                for found, values in enumerate(cursor.stream(sql, _adapt_params(params)), 1):
                    if found <= limit:
                        rows.append({column.name: _plain(value) for column, value in zip(columns, values, strict=True)})
            else:
                # Binary, because psycopg otherwise sends statements without parameters in the simple protocol.
                found = max(cursor.execute(sql, _adapt_params(params), binary=True).rowcount, 0)
            truncated = bool(columns) and found > len(rows)
            return ExecuteResult(columns=columns, rows=tuple(rows), truncated=truncated, row_count=found)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    @contextmanager
    def _transaction(self, begin: str, end: str) -> Iterator[Connection]:
        wrote = False
        with self._lock:
            try:
                connection = self._begin(begin)
                wrote = end == "COMMIT"
                try:
                    yield connection
                except BaseException:
                    if not connection.broken:
                        connection.execute("ROLLBACK")
                    raise
                connection.execute(end)
            except psycopg.Error as exc:
                raise verdict(exc, seconds=self._timeout, wrote=wrote) from exc

    def _begin(self, begin: str) -> Connection:
        if self._connection is not None and not self._connection.closed:
            try:
                return self._start_transaction(self._connection, begin)
            except psycopg.OperationalError:
                self._connection.close()  # the idle connection was lost, and no statement was sent
        self._connection = psycopg.connect(**self._parameters, autocommit=True, prepare_threshold=None)
        return self._start_transaction(self._connection, begin)

    def _start_transaction(self, connection: Connection, begin: str) -> Connection:
        connection.execute(begin)
        # As the first query, it also fixes the mode: the transaction can no longer become writable.
        connection.execute("SELECT set_config('statement_timeout', %s, true)", [str(self._timeout * 1000)])
        return connection


def _describe(connection: Connection, sql: str, params: Sequence[Any]) -> tuple[Column, ...]:
    """Ask the server which columns the statement returns, without running it."""
    transformer, server = Transformer(connection), connection.pgconn
    transformer.dump_sequence(_adapt_params(params), [PyFormat.AUTO] * len(params))
    server.send_prepare(b"", sql.encode(), param_types=transformer.types)
    (described,) = connection.wait(generators.execute(server))
    if described.status == ExecStatus.COMMAND_OK:
        server.send_describe_prepared(b"")
        (described,) = connection.wait(generators.execute(server))
    if described.status != ExecStatus.COMMAND_OK:
        raise error_from_result(described)
    names: list[str] = []
    for place in range(described.nfields):
        name = (described.fname(place) or b"").decode()
        names.append(name if name not in names else next(n for i in count(2) if (n := f"{name}_{i}") not in names))
    types = _type_names(connection, [described.ftype(place) for place in range(described.nfields)])
    return tuple(Column(name=name, type=type_) for name, type_ in zip(names, types, strict=True))


def _type_names(connection: Connection, oids: list[int]) -> list[str]:
    infos = {oid: connection.adapters.types.get(oid) for oid in oids}
    names = {oid: info.regtype + "[]" * (oid == info.array_oid) for oid, info in infos.items() if info}
    if unknown := [oid for oid in oids if oid not in names]:
        names |= connection.execute("SELECT t, format_type(t, NULL) FROM unnest(%s::oid[]) AS t", [unknown]).fetchall()
    return [names[oid] for oid in oids]


def _adapt_params(params: Sequence[Any]) -> list[Any]:
    # PostgreSQL has arrays of numbers and texts; objects and lists of objects can only be JSON.
    return [Jsonb(v) if dict in (type(v), *map(type, v if isinstance(v, list) else ())) else v for v in params]


def _plain(value: Any) -> Any:
    """Return a value that JSON can represent; ranges, NaN and infinity become text."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    is_odd = type(value).__module__.startswith("psycopg.") or (isinstance(value, float) and not math.isfinite(value))
    return str(value) if is_odd else value
