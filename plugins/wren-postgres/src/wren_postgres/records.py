"""What the methods return."""

from typing import Annotated, Any

from wren_core import Record


class Column(Record):
    """A column of a result."""

    name: Annotated[str, "Name; of two equal ones the second is `name_2`"]
    type: Annotated[str, "SQL type, such as integer or text[]"]


class QueryResult(Record):
    """Rows of a statement."""

    columns: Annotated[tuple[Column, ...], "The columns, also where there are no rows"]
    rows: Annotated[tuple[dict[str, Any], ...], "The rows, each an object by column name"]
    truncated: Annotated[bool, "There were more rows: raise `limit`, or narrow the query"]


class ExecuteResult(QueryResult):
    """What a change did; `rows` are those of RETURNING."""

    row_count: Annotated[int, "How many rows were inserted, updated or deleted"]


class Table(Record):
    """A table or view the connection may read."""

    schema_name: Annotated[str, "Schema it is in"]
    name: Annotated[str, "Name in that schema"]
    kind: Annotated[str, "table, view or materialized view"]
    estimated_rows: Annotated[int | None, "Rows as of the last ANALYZE; null where nobody counted"]
    comment: Annotated[str | None, "What its owner says about it"]


class TableColumn(Column):
    """A column of a table."""

    nullable: Annotated[bool, "May be NULL"]
    default: Annotated[str | None, "SQL of the value it gets where none is given"]
    comment: Annotated[str | None, "What its owner says about it"]


class TableDescription(Table):
    """A table with all that a query about it needs to know."""

    columns: Annotated[tuple[TableColumn, ...], "The columns, in order"]
    definitions: Annotated[tuple[str, ...], "SQL of its keys, foreign keys, checks and indexes"]
