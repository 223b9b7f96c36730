"""Work on a definition grows as the definition does: twice the size, about twice the lines of Python that run."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from wren_core.contract.definition import IntegrationDefinition
from wren_core.declarative.integration import declared_integration


def definition(methods: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    wire = {"integrationId": "big", "name": "Big", "baseUrl": "https://big.example", "hosts": ["big.example"], **more}
    return {**wire, "methods": methods}


def method(name: str, properties: dict[str, Any], **request: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    bound = {"method": "POST", "path": "/x", **request}
    return {"id": name, "name": name, "description": "Do.", "inputSchema": schema, "request": bound}


def texts(size: int) -> dict[str, Any]:
    return {f"p{number}": {"type": "string"} for number in range(size)}


def in_body(size: int, prefix: str) -> list[dict[str, Any]]:
    return [{"argument": name, "place": "body", "name": prefix + name} for name in texts(size)]


def in_path(size: int) -> dict[str, Any]:
    return method("a", texts(size), path="".join(f"/{{p{number}}}" for number in range(size)))


MAKERS: dict[str, Callable[[int], dict[str, Any]]] = {
    "placements": lambda n: definition([method("a", texts(n), placements=in_body(n, ""))]),
    "places in a body": lambda n: definition([method("a", texts(n), placements=in_body(n, "/deep/"))]),
    "parameters of a path": lambda n: definition([in_path(n)]),
    "methods": lambda n: definition([method(f"m{number}", {}) for number in range(n)]),
    "undone methods": lambda n: definition(
        [{**method(f"m{number}", {}), "undo": {"method": f"m{n - 1}"}} for number in range(n)]
    ),
    "fields of the configuration": lambda n: definition(
        [method("a", {})],
        configSchema={
            "type": "object",
            "properties": {name: {"$ref": "#/$defs/D"} for name in texts(n)},
            "$defs": {"D": {"properties": texts(n)}},
        },
    ),
}


def count_lines(run: Callable[[], Any]) -> int:
    lines = 0

    def trace(_frame: Any, _event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_twice_the_definition_is_about_twice_the_work(make):
    def load(size: int) -> None:
        declared_integration(IntegrationDefinition.from_wire(make(size)))

    load(1)
    small, large = (count_lines(lambda size=size: load(size)) for size in (150, 300))

    assert large < 2.5 * small
