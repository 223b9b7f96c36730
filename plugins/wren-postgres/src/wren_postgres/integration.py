"""PostgreSQL: the spec, the configuration and the methods. Wren derives everything else from this file."""

from typing import TYPE_CHECKING, Annotated

from wren_core import (
    CredentialSpec,
    CredentialType,
    CustomAuth,
    Integration,
    IntegrationSpec,
    NotFound,
    UserFacingConfigError,
    method,
)
from wren_postgres import catalog
from wren_postgres.parameters import Limit, Params, PostgresConfig, Sql
from wren_postgres.records import ExecuteResult, QueryResult, Table, TableDescription

if TYPE_CHECKING:
    from wren_postgres.database import Database

_BASIC = CredentialType.BASIC_AUTH
_LIST_LIMIT = 5000


class Postgres(Integration):
    """Query a PostgreSQL database, and change it if the connection allows writes."""

    spec = IntegrationSpec(
        name="postgres",
        display_name="PostgreSQL",
        type="database",
        docs_url="https://www.postgresql.org/docs/current/sql.html",
        config_hosts=("{host}:{port}",),
        auth=CustomAuth(),
        credentials=(
            CredentialSpec(key="username", type=_BASIC, env_var="POSTGRES_USERNAME", description="Role", secret=False),
            CredentialSpec(key="password", type=_BASIC, env_var="POSTGRES_PASSWORD", description="Its password"),
        ),
    )

    Config = PostgresConfig
    config: PostgresConfig
    client: "Database"

    def connect(self) -> "Database":
        """Create the client; it connects on the first statement."""
        from wren_postgres.database import Database  # imports psycopg, which is slow

        return Database(self.config, user=self.credentials["username"], password=self.credentials["password"])

    @method(example='postgres.query("SELECT id, total FROM orders WHERE total > $1", [100]).rows')
    def query(self, sql: Sql, params: Params = (), limit: Limit = None) -> QueryResult:
        """Run one statement that returns rows, in a read-only transaction that the server enforces."""
        return self.client.read(sql, params, limit=self._limit(limit))

    @method(effect="destructive", simulate="validate_only", example='postgres.execute("DELETE FROM orders WHERE id=7")')
    def execute(self, sql: Sql, params: Params = (), limit: Limit = None) -> ExecuteResult:
        """Run one statement that changes data, and commit it; requires the setting allow_writes."""
        if not self.config.allow_writes:
            text = "this connection is read-only; set allow_writes in its configuration to let execute() change data"
            raise UserFacingConfigError(text, code="WRITES_NOT_ALLOWED")
        return self.client.write(sql, params, limit=self._limit(limit))

    @method(example="print([table.name for table in postgres.tables()])")
    def tables(self, schema: Annotated[str | None, "Only the tables of this schema"] = None) -> list[Table]:
        """List the tables and views that the connection may read."""
        return [Table.model_validate(row) for row in self.client.read(catalog.TABLES, [schema], limit=_LIST_LIMIT).rows]

    @method(example='print(postgres.describe("orders").columns)')
    def describe(self, table: Annotated[str, "Table, see tables(): orders or sales.orders"]) -> TableDescription:
        """Describe a table before you query it: its columns, keys, checks and indexes."""
        schema, _, name = table.rpartition(".")
        found = self.client.read(catalog.TABLE, [schema or None, name], limit=1).rows
        if not found:
            raise NotFound(f"no table {table!r} that this connection may read; postgres.tables() lists them")
        place = [found[0]["schema_name"], name]
        columns = self.client.read(catalog.COLUMNS, place, limit=_LIST_LIMIT).rows
        definitions = [row["sql"] for row in self.client.read(catalog.DEFINITIONS, place, limit=_LIST_LIMIT).rows]
        return TableDescription.model_validate({**found[0], "columns": columns, "definitions": definitions})

    def _limit(self, limit: int | None) -> int:
        return min(limit or self.config.max_rows, self.config.max_rows)
