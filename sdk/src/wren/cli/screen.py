"""The output of a command: one JSON document for programs, or text for people."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wren.api.correlation import invocation_id, is_invocation_id_used
from wren_core.errors import InternalError, WrenError, error_from_wire
from wren_core.terminal import escape_controls, is_web_link

# In a pipe or a file a row is one line, however long, so that ids can be found and copied.
_UNLIMITED_WIDTH = 100_000
# A text of a plugin that is longer than this is cut.
_MAX_CELL = 4000


class Screen:
    """Standard output holds the command's answer and nothing else; notes and errors for people go to standard error.

    Args:
        as_json: print the answer as JSON, and no text on standard output.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        width = None if sys.stdout.isatty() else _UNLIMITED_WIDTH
        self._out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)
        self._err = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)

    def answer(self, document: Mapping[str, Any]) -> None:
        """Print the answer as JSON; does nothing without `as_json`."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2) + "\n")

    def event(self, document: Mapping[str, Any]) -> None:
        """Print one document of a stream on one line, and flush it."""
        if self.as_json:
            sys.stdout.write(json.dumps(document) + "\n")
            sys.stdout.flush()

    def line(self, text: str = "", *, style: str = "") -> None:
        """Print a line for people."""
        if not self.as_json:
            self._out.print(Text(escape_controls(text), style=style))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print a table for people."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        self._print_grid(table, rows)

    def facts(self, facts: Mapping[str, Any]) -> None:
        """Print names and values for people, one per line; a value of None is left out."""
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="dim")
        table.add_column(overflow="fold")
        self._print_grid(table, [(f"  {name}", value) for name, value in facts.items() if value is not None])

    def markdown(self, text: str) -> None:
        """Print Markdown: rendered on a terminal, unchanged into a file or a pipe."""
        if self.as_json:
            return
        if self._out.is_terminal:
            from rich.markdown import Markdown  # here: loads a parser that one command needs

            self._out.print(Markdown(escape_controls(text)), soft_wrap=False)
        else:
            sys.stdout.write(text)

    def note(self, text: str, *, style: str = "dim") -> None:
        """Print a note for people on standard error; it is not part of the answer."""
        self._err.print(Text(escape_controls(text), style=style))

    def error(self, error: WrenError) -> None:
        """Print an error: the wire object on one line for programs; message, next step and links for people."""
        if self.as_json:
            sys.stdout.write(json.dumps({"error": error.to_wire(invocation_id())}) + "\n")
            return
        self._err.print(Text.assemble(("error: ", "bold red"), escape_controls(error.message)))
        self._print_links(error)
        for further in _list_further_problems(error):
            self._err.print(Text.assemble(("also: ", "bold red"), escape_controls(further.message)))
            self._print_links(further)
        tells_id = is_invocation_id_used() or isinstance(error, InternalError)  # else no log holds it
        self.note(f"  {error.code} · {invocation_id()}" if tells_id else f"  {error.code}")

    def _print_grid(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        if self.as_json:
            return
        for row in rows:
            table.add_row(*(Text(escape_controls(format_cell(cell))) for cell in row))
        if table.row_count:
            self._out.print(table, soft_wrap=False)

    def _print_links(self, error: WrenError) -> None:
        for label, value in (("open", error.action_url), ("docs", error.docs_url)):
            if value and is_web_link(value):
                self._err.print(Text(f"  {label}: {value}"))


@contextmanager
def redirect_plugin_output() -> Iterator[None]:
    """Send the output of plugins, while they are loaded, to standard error: it is not part of the answer."""
    with redirect_stdout(sys.stderr):
        yield


def format_cell(value: Any) -> str:
    """Return a value as a table shows it; an empty one is a dash."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    text = "-" if value is None or value == "" else str(value)
    return text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]}... ({len(text)} characters)"


def _list_further_problems(error: WrenError) -> list[WrenError]:
    """Return the further problems of an error that combines several."""
    problems = error.details.get("problems")
    if not isinstance(problems, list):
        return []
    found = [error_from_wire(item) for item in problems if isinstance(item, Mapping)]
    return [item for item in found if item.message != error.message]
