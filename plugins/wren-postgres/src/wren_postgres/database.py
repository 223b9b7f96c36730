"""One psycopg connection with Wren's rules: one statement at a time, each in its own transaction.

Statements use the extended protocol, in which the server accepts no second statement after a semicolon. The server
describes a statement before it runs: `read` refuses statements without rows (COMMIT, SET, DO, COPY ... TO PROGRAM).
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
from psycopg import generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from wren_core import InvalidInput
from wren_postgres.parameters import PostgresConfig
from wren_postgres.records import Column, ExecuteResult, QueryResult
from wren_postgres.values import adapt_params, is_container, plain, register_loaders
from wren_postgres.verdicts import verdict

# Seconds; a server that disappeared is detected after 10 + 3 * 5 seconds.
_ALIVE = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_TEXT = 25  # what the server assumes where nothing shows the type of a parameter
_LAST_SYSTEM_OID = 16383  # types that people define, such as domains, have larger numbers
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
            statement = _describe(connection, sql, params)
            columns = statement.columns
            if not columns:
                raise InvalidInput("query() runs only statements that return rows; this returns none, see execute()")
            rows, size, truncated = list[dict[str, Any]](), 0, False
            for values in psycopg.RawCursor(connection).stream(sql, statement.params):
                truncated = len(rows) == limit or size > self._max_bytes
                if truncated:
                    break  # psycopg then cancels the remaining rows
                rows.append({column.name: plain(value) for column, value in zip(columns, values, strict=True)})
                size += len(str(values))
            return QueryResult(columns=columns, rows=tuple(rows), truncated=truncated)

    def write(self, sql: str, params: Sequence[Any] = (), *, limit: int) -> ExecuteResult:
        """Run any single statement and commit it; keep the first `limit` of the rows it returns."""
        with self._transaction("BEGIN", "COMMIT") as connection:
            statement = _describe(connection, sql, params)
            columns = statement.columns
            cursor, rows, found = psycopg.RawCursor(connection), list[dict[str, Any]](), 0
            if columns:
                for found, values in enumerate(cursor.stream(sql, statement.params), 1):
                    if found <= limit:
                        rows.append({column.name: plain(value) for column, value in zip(columns, values, strict=True)})
            else:
                # Binary, because psycopg otherwise sends statements without parameters in the simple protocol.
                found = max(cursor.execute(sql, statement.params, binary=True).rowcount, 0)
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
        register_loaders(self._connection)
        return self._start_transaction(self._connection, begin)

    def _start_transaction(self, connection: Connection, begin: str) -> Connection:
        connection.execute(begin)
        # As the first query, it also fixes the mode: the transaction can no longer become writable.
        connection.execute("SELECT set_config('statement_timeout', %s, true)", [str(self._timeout * 1000)])
        return connection


@dataclass(frozen=True, kw_only=True)
class _Statement:
    """What the server says about a statement, and the parameters in the types that it expects."""

    columns: tuple[Column, ...]
    params: list[Any]


def _describe(connection: Connection, sql: str, params: Sequence[Any]) -> _Statement:
    """Ask the server which columns the statement returns and which types it takes, without running it."""
    described = _prepare_with_open_containers(connection, sql, params)
    types = [described.param_type(place) for place in range(described.nparams)] if described else []
    adapted = adapt_params(params, _base_types(connection, types) or [0] * len(params))
    if described is None:
        described = _prepare(connection, sql, _own_types(connection, adapted))
    names: list[str] = []
    for place in range(described.nfields):
        name = (described.fname(place) or b"").decode()
        names.append(name if name not in names else next(n for i in count(2) if (n := f"{name}_{i}") not in names))
    columns = _type_names(connection, [described.ftype(place) for place in range(described.nfields)])
    found = tuple(Column(name=name, type=type_) for name, type_ in zip(names, columns, strict=True))
    return _Statement(columns=found, params=adapted)


def _prepare_with_open_containers(connection: Connection, sql: str, params: Sequence[Any]) -> PGresult | None:
    """Let the server choose the types of lists and objects; None where the statement leaves them open."""
    if not any(map(is_container, params)):
        return None
    types = _own_types(connection, [None if is_container(value) else value for value in params])
    connection.execute("SAVEPOINT wren_types")
    try:
        described = _prepare(connection, sql, types)
        if described.nparams != len(params):
            return None
    except psycopg.Error:
        if connection.broken:
            raise
        connection.execute("ROLLBACK TO SAVEPOINT wren_types")
        return None
    chosen = [described.param_type(place) for place, value in enumerate(params) if is_container(value)]
    return None if _TEXT in chosen else described


def _prepare(connection: Connection, sql: str, types: Sequence[int]) -> PGresult:
    server = connection.pgconn
    described: PGresult
    server.send_prepare(b"", sql.encode(), param_types=types)
    (described,) = connection.wait(generators.execute(server))
    if described.status == ExecStatus.COMMAND_OK:
        server.send_describe_prepared(b"")
        (described,) = connection.wait(generators.execute(server))
    if described.status != ExecStatus.COMMAND_OK:
        raise error_from_result(described)
    return described


def _own_types(connection: Connection, params: Sequence[Any]) -> Sequence[int]:
    """Return the types that psycopg gives the parameters; 0 leaves one open."""
    transformer = Transformer(connection)
    transformer.dump_sequence(params, [PyFormat.AUTO] * len(params))
    return transformer.types or ()


def _base_types(connection: Connection, oids: list[int]) -> list[int]:
    """Return the types behind domains."""
    query = "SELECT oid, typbasetype FROM pg_type WHERE oid = ANY(%s::oid[]) AND typbasetype <> 0"
    while own := [oid for oid in oids if oid > _LAST_SYSTEM_OID]:
        bases = dict(connection.execute(query, [own]).fetchall())
        if not bases:
            break
        oids = [bases.get(oid, oid) for oid in oids]
    return oids


def _type_names(connection: Connection, oids: list[int]) -> list[str]:
    infos = {oid: connection.adapters.types.get(oid) for oid in oids}
    names = {oid: info.regtype + "[]" * (oid == info.array_oid) for oid, info in infos.items() if info}
    if unknown := [oid for oid in oids if oid not in names]:
        names |= connection.execute("SELECT t, format_type(t, NULL) FROM unnest(%s::oid[]) AS t", [unknown]).fetchall()
    return [names[oid] for oid in oids]
