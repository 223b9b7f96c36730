from typing import Annotated, Any

import pytest
from pydantic import Field

from wren_core import method
from wren_core.testing.listings import limit_parameter, page_parameter, returns_list


@method
def many(self, query: str, limit: Annotated[int, Field(ge=1, le=9)] = 5) -> list[str]:
    """List."""


@method
def paged(self, page_token: str | None = None) -> list[str]:
    """List a page."""


@method
def one(self, limit: int = 5) -> str:
    """Return one."""


@method
def odd(self, limit: str = "5") -> tuple[int, ...]:
    """List."""


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        (many, (True, "limit", None)),
        (paged, (True, None, "page_token")),
        (one, (False, None, None)),
        (odd, (True, None, None)),
    ],
)
def test_a_listing_is_recognised_by_its_schemas(listing: Any, expected: Any):
    spec = listing.spec

    assert (returns_list(spec), limit_parameter(spec), page_parameter(spec)) == expected
