"""Parameters of `init(...)` and of the methods."""

from typing import Annotated, Any, Literal

from pydantic import Field

from wren_core import IntegrationConfig

SslMode = Literal["disable", "prefer", "require", "verify-full"]
Sql = Annotated[str, Field(min_length=1), "One SQL statement, with $1, $2 ... as placeholders for values"]
Params = Annotated[
    tuple[Any, ...], "Values of $1, $2 ..., in order; a list becomes an array or JSON, as expected there"
]
Limit = Annotated[int | None, Field(ge=1), "Maximum number of rows; default: max_rows"]


class PostgresConfig(IntegrationConfig):
    """Settings of one instance."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$"), "Name or IP address of the server"]
    port: Annotated[int, Field(ge=1, le=65535), "Port of the server"] = 5432
    database: Annotated[str, Field(min_length=1), "Database to connect to"] = "postgres"
    sslmode: Annotated[SslMode, "Encryption; verify-full also checks the server's certificate"] = "require"
    statement_timeout_seconds: Annotated[int, Field(ge=1, le=3600), "Time limit for a statement, in seconds"] = 30
    max_rows: Annotated[int, Field(ge=1, le=100_000), "Maximum number of rows that a method returns"] = 1000
    max_result_mb: Annotated[int, Field(ge=1, le=100), "Size at which a result is truncated, in MB"] = 10
    allow_writes: Annotated[bool, "Let execute() change data"] = False
