"""A site-packages folder of the test's own, and plugins installed into it."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, and no clock: a slow machine must not fail a property.
settings.register_profile(
    "wren", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("wren")

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a distribution the way pip leaves one: modules and a dist-info folder."""
    before = set(sys.modules)
    paths: set[Path] = set()

    def install(
        distribution: str,
        modules: Mapping[str, str] | None = None,
        *,
        entry_points: Mapping[str, str] | str | bytes = "",
        version: str = "1.0",
        requires: Sequence[str] = ("wren-core",),
        metadata: bytes | str | None = "written",
        site: str = "site",
    ) -> Path:
        folder = tmp_path / site
        info = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = [f"Name: {distribution}", f"Version: {version}", *(f"Requires-Dist: {item}" for item in requires)]
        if metadata == "written":
            (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *lines, ""]))
        elif isinstance(metadata, bytes):
            (info / "METADATA").write_bytes(metadata)
        (info / "entry_points.txt").write_bytes(_entry_points(entry_points))
        for name, source in (modules or {}).items():
            (folder / f"{name}.py").write_text(source)
        if folder not in paths:
            paths.add(folder)
            monkeypatch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        return folder

    yield install
    for name in set(sys.modules) - before:
        if any(str(getattr(sys.modules[name], "__file__", None)).startswith(str(path)) for path in paths):
            del sys.modules[name]


def _entry_points(given: Mapping[str, str] | str | bytes) -> bytes:
    if isinstance(given, bytes):
        return given
    if isinstance(given, str):
        return given.encode()
    return "\n".join(["[wren.integrations]", *(f"{name} = {value}" for name, value in given.items()), ""]).encode()
