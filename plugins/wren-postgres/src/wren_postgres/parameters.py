"""What `init(...)` and the methods take."""

from typing import Annotated, Any, Literal

from pydantic import Field

from wren_core import IntegrationConfig

SslMode = Literal["disable", "prefer", "require", "verify-full"]
Sql = Annotated[str, Field(min_length=1), "One SQL statement; write $1, $2 ... where a value goes"]
Params = Annotated[tuple[Any, ...], "The values of $1, $2 ..., in order; an object or a list of objects is JSON"]
Limit = Annotated[int | None, Field(ge=1), "At most this many rows; max_rows where left out"]


class PostgresConfig(IntegrationConfig):
    """Settings of one instance."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$"), "Name or IP address of the server"]
    port: Annotated[int, Field(ge=1, le=65535), "Port of the server"] = 5432
    database: Annotated[str, Field(min_length=1), "Database to connect to"] = "postgres"
    sslmode: Annotated[SslMode, "How it is encrypted; verify-full also checks the server's certificate"] = "require"
    statement_timeout_seconds: Annotated[int, Field(ge=1, le=3600), "Longest time a statement may take"] = 30
    max_rows: Annotated[int, Field(ge=1, le=100_000), "Most rows a method returns"] = 1000
    max_result_mb: Annotated[int, Field(ge=1, le=100), "A result that grows larger than this is cut"] = 10
    allow_writes: Annotated[bool, "Let execute() change data"] = False
