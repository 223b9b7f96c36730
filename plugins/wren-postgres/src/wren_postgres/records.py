"""Results of the methods."""

from typing import Annotated, Any

from wren_core import Record


class Column(Record):
    """A column of a result."""

    name: Annotated[str, "Name; the second column with the same name is `name_2`"]
    type: Annotated[str, "SQL type, such as integer or text[]"]


class QueryResult(Record):
    """The rows of a statement."""

    columns: Annotated[tuple[Column, ...], "The columns, also if there are no rows"]
    rows: Annotated[tuple[dict[str, Any], ...], "The rows, each an object with a member per column"]
    truncated: Annotated[bool, "Whether there were more rows: raise `limit`, or narrow the query"]


class ExecuteResult(QueryResult):
    """The result of a change; `rows` are those of RETURNING."""

    row_count: Annotated[int, "Number of inserted, updated or deleted rows"]


class Table(Record):
    """A table or view that the connection may read."""

    schema_name: Annotated[str, "Schema of the table"]
    name: Annotated[str, "Name in the schema"]
    kind: Annotated[str, "table, view or materialized view"]
    estimated_rows: Annotated[int | None, "Rows as of the last ANALYZE; null if unknown"]
    comment: Annotated[str | None, "Comment on it in the database"]


class TableColumn(Column):
    """A column of a table."""

    nullable: Annotated[bool, "Whether it may be NULL"]
    default: Annotated[str | None, "SQL of the default value"]
    comment: Annotated[str | None, "Comment on it in the database"]


class TableDescription(Table):
    """A table with everything needed to query it."""

    columns: Annotated[tuple[TableColumn, ...], "The columns, in order"]
    definitions: Annotated[tuple[str, ...], "SQL of its keys, foreign keys, checks and indexes"]
