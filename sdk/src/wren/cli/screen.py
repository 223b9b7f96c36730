"""Where a command's output goes: one JSON document for programs, or text for people."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wren_core.errors import WrenError


class Screen:
    """Standard output holds the command's answer and nothing else; notes and errors for people go to standard error.

    Args:
        as_json: print the answer as JSON and no text at all on standard output.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._err = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)

    def answer(self, document: Mapping[str, Any]) -> None:
        """Print the answer for programs; does nothing for people, who get lines and tables."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2) + "\n")

    def event(self, document: Mapping[str, Any]) -> None:
        """Print one document of a stream on a line of its own, at once."""
        if self.as_json:
            sys.stdout.write(json.dumps(document) + "\n")
            sys.stdout.flush()

    def line(self, text: str = "", *, style: str = "") -> None:
        """Print a line for people."""
        if not self.as_json:
            self._out.print(Text(printable(text), style=style))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print a table for people."""
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(printable(cell_text(cell))) for cell in row))
        self._out.print(table, soft_wrap=False)

    def markdown(self, text: str) -> None:
        """Print Markdown: rendered on a terminal, as it is into a file or a pipe."""
        if self.as_json:
            return
        if self._out.is_terminal:
            from rich.markdown import Markdown  # here: loads a parser that one command needs

            self._out.print(Markdown(text), soft_wrap=False)
        else:
            sys.stdout.write(text)

    def note(self, text: str, *, style: str = "dim") -> None:
        """Tell a person something that is not part of the answer."""
        self._err.print(Text(printable(text), style=style))

    def error(self, error: WrenError, correlation_id: str) -> None:
        """Print an error: the wire object for programs; message, next step and links for people."""
        if self.as_json:
            sys.stdout.write(json.dumps({"error": error.to_wire(correlation_id)}, indent=2) + "\n")
            return
        self._err.print(Text.assemble(("error: ", "bold red"), printable(error.message)))
        for label, value in (("next", error.action_url), ("docs", error.docs_url)):
            if value:
                self._err.print(Text(f"  {label}: {printable(value)}"))
        self._err.print(Text(f"  {error.code} · {correlation_id}", style="dim"))


def printable(text: str) -> str:
    """Return text in which control characters, which could drive the terminal, are written out."""
    return "".join(char if char.isprintable() or char in "\n\t" else _escaped(char) for char in text)


def cell_text(value: Any) -> str:
    """Return a value as a table shows it; nothing is a dash."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return "-" if value is None or value == "" else str(value)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
