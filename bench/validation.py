"""The cost of a validated call beyond the function itself."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import jsonschema
import jsonschema_rs

from bench.measuring import Promise, Row, Table, in_turns
from wren_core import Integration, IntegrationSpec, Record, method

ROUNDS = 9
_CALLS = {"jsonschema.validate": 20, "jsonschema, compiled once": 200}
_SHARE_OF_NAIVE = 10.0


class Line(Record):
    """One line of an invoice."""

    description: Annotated[str, "What was sold"]
    quantity: Annotated[int, "How many"]
    unit_price: Annotated[float, "Price of one"]
    account: Annotated[str | None, "Account code"] = None


class Invoice(Record):
    """What was made."""

    invoice_id: Annotated[str, "Its id"]
    status: Annotated[str, "Where it stands"]


class Books(Integration):
    """Keep books."""

    spec = IntegrationSpec(name="books", display_name="Books")

    @method(effect="write")
    def create_invoice(
        self, contact: Annotated[str, "Who pays"], lines: Annotated[list[Line], "What for"], currency: str = "EUR"
    ) -> Invoice:
        """Create an invoice."""
        return Invoice(invoice_id=contact, status=f"{len(lines)} lines in {currency}")


def small() -> dict[str, Any]:
    """Return arguments of one line."""
    return {"contact": "c-1", "lines": [{"description": "Work", "quantity": 1, "unit_price": 9.5}]}


def large() -> dict[str, Any]:
    """Return arguments of about 1.6 KB of JSON."""
    line = {"description": "Work on the roof", "quantity": 3, "unit_price": 9.5, "account": "200"}
    return {"contact": "c-1", "lines": [line] * 18, "currency": "NZD"}


def measure() -> list[Table]:
    """Measure one call with small and with large arguments."""
    return [_measure("one line, 90 bytes", small()), _measure("18 lines, 1.6 KB", large())]


def _measure(title: str, arguments: dict[str, Any]) -> Table:
    ways = _list_candidates(arguments)
    taken = in_turns({name: _samples(call, _CALLS.get(name, 2_000)) for name, call in ways.items()})
    middle = {name: statistics.median(values) for name, values in taken.items()}
    ratio = middle["jsonschema.validate"] / middle["Wren, the whole call"]
    promise = f"a whole call costs at most 1/{_SHARE_OF_NAIVE:g} of jsonschema.validate (it is 1/{ratio:.0f})"
    return Table(
        title=f"One validated call: {title}",
        unit="us",
        text="The first four only check the arguments. Wren's call checks them, builds records from them, calls the\n"
        "method, converts the result to JSON and checks it.",
        rows=[Row(name=name, value=value) for name, value in middle.items()],
        promises=[Promise(text=promise, kept=ratio >= _SHARE_OF_NAIVE)],
    )


def _list_candidates(arguments: dict[str, Any]) -> dict[str, Callable[[], object]]:
    schema = Books.full_spec().methods[0].input_schema
    explaining = jsonschema.Draft202012Validator(schema)
    compiled = jsonschema_rs.Draft202012Validator(schema)
    books = Books.create()
    return {
        "jsonschema-rs, compiled once": lambda: compiled.is_valid(arguments),
        "jsonschema_rs.is_valid": lambda: jsonschema_rs.is_valid(schema, arguments),
        "jsonschema, compiled once": lambda: explaining.is_valid(arguments),
        "jsonschema.validate": lambda: jsonschema.validate(arguments, schema),
        "Wren, the whole call": lambda: books.invoke("create_invoice", arguments),
    }


def _samples(call: Callable[[], object], calls: int) -> Iterator[float]:
    call()
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(calls):
            call()
        yield (time.perf_counter() - started) / calls * 1e6
