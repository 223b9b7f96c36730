"""Queries of the server's catalog."""

_TABLES = """
SELECT n.nspname AS schema_name, c.relname AS name,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END AS kind,
       CASE WHEN c.reltuples >= 0 AND c.relkind IN ('r', 'm', 'p') THEN c.reltuples::bigint END AS estimated_rows,
       obj_description(c.oid, 'pg_class') AS comment
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND has_table_privilege(c.oid, 'SELECT')
"""
TABLES = f"""{_TABLES}
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND ($1::text IS NULL OR n.nspname = $1)
ORDER BY 1, 2"""

# Without a schema: the table that a query would find under this name.
TABLE = f"""{_TABLES}
  AND c.relname = $2 AND CASE WHEN $1::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = $1 END"""

_OF_TABLE = "(quote_ident($1) || '.' || quote_ident($2))::regclass"
COLUMNS = f"""
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS nullable,
       pg_get_expr(d.adbin, d.adrelid) AS default, col_description(a.attrelid, a.attnum) AS comment
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = {_OF_TABLE} AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum"""  # noqa: S608 - constants
DEFINITIONS = f"""
SELECT pg_get_constraintdef(oid) AS sql FROM pg_constraint WHERE conrelid = {_OF_TABLE} AND contype <> 'n'
UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = {_OF_TABLE} ORDER BY 1"""  # noqa: S608 - constants
