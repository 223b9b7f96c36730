"""Work on a document grows as the document does: twice the size, at most about twice the steps of Python.

Steps are counted, not seconds: the lines and calls that a profile of the interpreter sees.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from wren.openapi.choice import Choice
from wren.openapi.errors import DocumentInvalid
from wren.openapi.importer import import_document
from wren.openapi.text import read_document
from wren.openapi.yaml_text import parse_yaml

Maker = Callable[[int], Any]


class Counted(str):
    """A text that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def count_steps(run: Callable[[], Any]) -> int:
    """Return the number of lines that run, and of comparisons of counted texts."""
    steps = 0
    Counted.compared = 0

    def trace(_frame: Any, _event: str, _argument: Any) -> Any:
        nonlocal steps
        steps += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with suppress(DocumentInvalid):
            run()
    finally:
        sys.settrace(before)
    return steps + Counted.compared


def document(paths: Any, **components: Any) -> dict[str, Any]:
    head = {"openapi": "3.1.0", "info": {"title": "T"}, "servers": [{"url": "https://a.example"}]}
    return {**head, "paths": paths, "components": components}


def answer(schema: Any) -> dict[str, Any]:
    return {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}}


def ref(name: object) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def properties(size: int) -> dict[str, Any]:
    return {"properties": {f"p{i}": {} for i in range(size)}}


def chain(size: int) -> Any:
    schemas = {f"S{i}": {"properties": {"next": ref(f"S{i + 1}")}} for i in range(size)}
    return document({"/x": answer(ref("S0"))}, schemas={**schemas, f"S{size}": {"type": "string"}})


def wide_all_of(size: int) -> Any:
    parts = [
        {"properties": {"same": {"properties": {f"x{i}": {}}}, f"p{i}": {}}, "required": ["same"]} for i in range(size)
    ]
    return document({"/x": answer({"allOf": parts})})


SECURITY = {"a": {"type": "apiKey", "in": "header", "name": "X-Key"}}
DOCUMENTS: dict[str, Maker] = {
    "enum": lambda n: document({"/x": answer({"enum": [Counted(f"v{i}") for i in range(n)]})}),
    "equal ids": lambda n: document({f"/p{i}": {"get": {"operationId": "same"}} for i in range(n)}),
    "equal arguments": lambda n: document(
        {"/x": {"get": {"parameters": [{"in": "query", "name": "a" + "-" * i, "schema": {}} for i in range(n)]}}}
    ),
    "a chain of references": chain,
    "a circle of references": lambda n: document(
        {"/x": answer(ref("S0"))}, schemas={f"S{i}": {"properties": {"n": ref(f"S{(i + 1) % n}")}} for i in range(n)}
    ),
    "references of one name": lambda n: document(
        {"/x": answer({"properties": {f"p{i}": ref(f"{i}/same") for i in range(n)}})},
        schemas={str(i): {"same": {"properties": {"a": {}}}} for i in range(n)},
    ),
    "one long key above all": lambda n: document({"/" + "x" * n: answer(properties(n))}),
    "shared security": lambda n: {
        **document({f"/p{i}": {"get": {}} for i in range(n)}, securitySchemes=SECURITY),
        "security": [{"a": [f"s{i}"]} for i in range(n)],
    },
    "required": lambda n: document({"/x": answer({**properties(1), "required": [Counted(f"r{i}") for i in range(n)]})}),
    "a wide allOf": wide_all_of,
}


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_twice_the_document_is_about_twice_the_work(make):
    small, large = (count_steps(lambda size=size: import_document(make(size), Choice())) for size in (70, 140))

    assert large < 2.6 * small


def test_merge_keys_copy_each_member_once():
    def read(size: int) -> int:
        lines = ["a0: &a0 {x: 1, y: 2}"] + [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, size)]
        return count_steps(lambda: parse_yaml("\n".join(lines)))

    assert read(200) < 2.6 * read(100)


def test_what_merge_keys_copy_is_bounded(monkeypatch):
    monkeypatch.setattr("wren.openapi.yaml_text._MOST_MERGED", 1000)
    members = ", ".join(f"k{i}: 1" for i in range(100))

    with pytest.raises(DocumentInvalid, match="too large with its merge keys expanded"):
        read_document(f"base: &b {{{members}}}\n" + "\n".join(f"a{i}: {{<<: *b}}" for i in range(20)))


def test_a_schema_far_beyond_the_budget_is_not_read():
    huge = {"properties": {f"p{i}": {} for i in range(40_000)}}
    source = document({f"/p{i}": answer(ref("Huge")) for i in range(20)}, schemas={"Huge": huge})

    assert count_steps(lambda: import_document(source, Choice())) < 2_000_000
