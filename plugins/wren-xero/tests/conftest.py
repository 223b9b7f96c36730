"""A fake Xero for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from wren_core.testing import FakeStage, serve
from wren_xero import Contact, Xero
from wren_xero.fake import DEMO, FakeXero

TEA = {"description": "Tea", "quantity": 2, "unit_amount": "4.50", "account_code": "200"}


@pytest.fixture(scope="session")
def stage() -> Iterator[FakeStage]:
    """The server."""
    stage = FakeStage()
    with serve(stage) as stage.url:
        yield stage


@pytest.fixture
def fake(stage: FakeStage) -> FakeXero:
    """A fake Xero with one organisation."""
    stage.fake = FakeXero()
    return stage.fake


@pytest.fixture
def connect(fake: FakeXero, stage: FakeStage) -> Iterator[Callable[..., Xero]]:
    """Connect with configuration values; `token` replaces one with all scopes."""
    with ExitStack() as stack:

        def perform(*, token: str | None = None, tenant_id: str = DEMO, **config: Any) -> Xero:
            credentials = {"access_token": token or stage.fake.token()}
            xero = Xero.create({"tenant_id": tenant_id, **config}, credentials=credentials, base_url=stage.url)
            stack.callback(xero.close)
            return xero

        yield perform


@pytest.fixture
def xero(connect: Callable[..., Xero]) -> Xero:
    """The integration, connected to the organisation."""
    return connect()


@pytest.fixture
def harbour(xero: Xero) -> Contact:
    """A contact."""
    return xero.create_contact("Harbour Ltd", "pay@harbour.example")


@pytest.fixture
def tea() -> list[dict[str, Any]]:
    """The lines of an invoice over 9.00, and 1.35 of tax."""
    return [dict(TEA)]
