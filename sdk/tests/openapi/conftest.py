"""The documents, and what importing them gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wren.openapi.choice import Choice
from wren.openapi.importer import ImportResult, import_document
from wren.openapi.text import read_document

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def read() -> Callable[[str], dict[str, Any]]:
    """Read one of the documents."""
    return lambda name: read_document((DATA / name).read_text())


@pytest.fixture(scope="session")
def imported(read: Callable[[str], dict[str, Any]]) -> Callable[..., ImportResult]:
    """Import one of the documents."""
    return lambda name, /, **choice: import_document(read(name), Choice(**choice))
