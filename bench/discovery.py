"""Finding 10, 100 and 1,000 plugins."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.finders import WAYS
from bench.measuring import Promise, Row, Table, ask_python, in_turns

SIZES = (10, 100, 1_000)
ROUNDS = {10: 9, 100: 9, 1_000: 5}
_FIRST_START = "Wren, first start"
_STOCK = "pluggy's stock loader"
_SLOW = {_STOCK, "Wren, discover"}
_NAMES_AT_MOST = 2.0
_FASTER_THAN_STOCK = 10.0

_MODULE = '''
"""A plugin like any other."""

from typing import Annotated

from wren_core import Integration, IntegrationSpec, method


class Plugin(Integration):
    """Do two things."""

    spec = IntegrationSpec(name="{name}", display_name="Plugin", hosts=("api.example.com",))

    @method(effect="write")
    def send(self, to: Annotated[str, "Who"], subject: Annotated[str | None, "Title"] = None) -> dict[str, str]:
        """Send something."""
        return {{"to": to}}

    @method
    def search(self, query: Annotated[str, "What"], limit: Annotated[int, "How many"] = 10) -> list[str]:
        """Search for something."""
        return [query]
'''


def measure() -> list[Table]:
    """Measure every way to find plugins, at every size."""
    return [_measure(size) for size in SIZES]


def _measure(size: int) -> Table:
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder), size)
        first = list(_samples(_FIRST_START, folder, size, rounds=1))  # fills the table that later starts read
        others = [way for way in WAYS if way != _FIRST_START]
        taken = in_turns({way: _samples(way, folder, size, rounds=_count_rounds(way, size)) for way in others})
    taken[_FIRST_START] = first
    best = {way: min(values) for way, values in taken.items()}
    ratio = best["Wren, names"] / best["importlib.metadata"]
    text = f"names cost {ratio:.2f}x importlib.metadata (at most {_NAMES_AT_MOST:g}x)"
    promises = [Promise(text=text, kept=ratio <= _NAMES_AT_MOST)]
    if size == max(SIZES):
        promises += [_promise_faster_than_stock(way, best) for way in ("Wren, names", "Wren, catalogue from the table")]
    order = ["importlib.metadata", *(way for way in WAYS if way != "importlib.metadata")]
    return Table(
        title=f"Finding {size:,} plugins",
        unit="ms",
        text="Best of several fresh processes. The last three import every plugin, the others none.",
        rows=[Row(name=way, value=best[way]) for way in order],
        promises=promises,
    )


def _promise_faster_than_stock(way: str, best: dict[str, float]) -> Promise:
    times = best[_STOCK] / best[way]
    text = f"{way}: {times:.0f} times as fast as {_STOCK} (at least {_FASTER_THAN_STOCK:g}), and nothing is imported"
    return Promise(text=text, kept=times >= _FASTER_THAN_STOCK)


def _count_rounds(way: str, size: int) -> int:
    return 2 if way in _SLOW and size == max(SIZES) else ROUNDS[size]


def _samples(way: str, folder: str, size: int, *, rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        milliseconds, found = ask_python("-m", "bench.finders", way, folder).split()
        if int(found) < size:
            raise RuntimeError(f"{way} found {found} of {size} plugins")
        yield float(milliseconds)


def install(folder: Path, size: int) -> None:
    """Install `size` distributions with one integration each, as pip does."""
    for number in range(size):
        name = f"plugin_{number:04d}"
        info = folder / f"wren_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: wren-{name}\nVersion: 1.0\nRequires-Dist: wren-core>=0.1,<0.2\n"
        )
        (info / "entry_points.txt").write_text(f"[wren.integrations]\n{name} = bench_{name}:Plugin\n")
        (folder / f"bench_{name}.py").write_text(_MODULE.format(name=name))
