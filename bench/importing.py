"""The cost of `import wren`, and the modules it imports."""

import json
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

from bench.measuring import Promise, Row, Table, ask_python, in_turns
from wren_core.plugins.discovery import find_entry_points

ROUNDS = 11
_AT_MOST_MS = 150.0
_STATEMENTS = {
    "import pydantic, one model": "import pydantic\nclass Model(pydantic.BaseModel): x: int",
    "import wren": "import wren",
    "import wren, list the integrations": "import wren; wren.integrations.list()",
    "the contract: wren_core.Integration": "from wren_core import Integration",
    "import httpx2": "import httpx2",
    "import fastapi": "import fastapi",
}
_TIMED = """
import time
started = time.perf_counter()
{statement}
print((time.perf_counter() - started) * 1000)
"""


def measure() -> list[Table]:
    """Measure each import in fresh processes."""
    taken = in_turns({name: _samples(statement) for name, statement in _STATEMENTS.items()})
    best = {name: min(values) for name, values in taken.items()}
    took = best["import wren"]
    brought = sorted(client_libraries() & modules_after("import wren"))
    return [
        Table(
            title="Importing",
            unit="ms",
            text="Best of several fresh processes, without the start of the interpreter.",
            rows=[Row(name=name, value=value) for name, value in best.items()],
            promises=[
                Promise(text=f"import wren takes {took:.0f} ms (at most {_AT_MOST_MS:.0f})", kept=took <= _AT_MOST_MS),
                Promise(text=f"it imports these client libraries: {', '.join(brought) or 'none'}", kept=not brought),
            ],
        )
    ]


def _samples(statement: str) -> Iterator[float]:
    for _ in range(ROUNDS):
        yield float(ask_python("-c", _TIMED.format(statement=statement)))


def modules_after(statement: str) -> set[str]:
    """Return the names of the modules that are loaded after a statement."""
    program = f"import json, sys; {statement}; print(json.dumps(list(sys.modules)))"
    return set(json.loads(ask_python("-c", program)))


def client_libraries() -> set[str]:
    """Return the packages that the installed integrations need, except the contract and its dependencies."""
    contract = {_name(requirement) for requirement in metadata.requires("wren-core") or ()} | {"wren_core"}
    needed = {_name(item) for point in find_entry_points() if point.dist for item in point.dist.requires or ()}
    return needed - contract


def _name(requirement: str) -> str:
    return Requirement(requirement).name.lower().replace("-", "_")
