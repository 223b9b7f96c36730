"""Render tables as RESULTS.md."""

from collections.abc import Mapping, Sequence

from bench.measuring import Promise, Row, Table

_HEAD = """# Results

Written by `nox -s bench`. Compare the ratios: all rows of a table were measured in one run, in turns, on one
machine, so the ratios apply to other machines, where the milliseconds differ. The ratio is to the first row of the
table.
"""


def to_markdown(machine: Mapping[str, str], tables: Sequence[Table]) -> str:
    """Render the machine, every table and every promise."""
    facts = "\n".join(f"- {name}: {value}" for name, value in machine.items())
    return "\n\n".join([_HEAD.strip(), facts, *(_section(table) for table in tables)]) + "\n"


def broken(tables: Sequence[Table]) -> list[Promise]:
    """List the promises that were not kept."""
    return [promise for table in tables for promise in table.promises if not promise.kept]


def _section(table: Table) -> str:
    first = table.rows[0].value
    header = f"| | {table.unit} | ratio | |\n|---|---:|---:|---|"
    rows = "\n".join(_row(row, first) for row in table.rows)
    promises = "\n".join(
        f"- {'Kept' if promise.kept else '**Not kept**'}: {promise.text}." for promise in table.promises
    )
    return "\n\n".join(part for part in [f"## {table.title}", table.text, f"{header}\n{rows}", promises] if part)


def _row(row: Row, first: float) -> str:
    return f"| {row.name} | {row.value:,.1f} | {row.value / first:.2f} | {row.note} |"
