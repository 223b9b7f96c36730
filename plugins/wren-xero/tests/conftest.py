"""A fake Xero for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from wren_core.testing import SharedFakeServer, serve
from wren_xero import Contact, Xero
from wren_xero.fake import DEMO, FakeXero

TEA = {"description": "Tea", "quantity": 2, "unit_amount": "4.50", "account_code": "200"}


@pytest.fixture(scope="session")
def fake_server() -> Iterator[SharedFakeServer]:
    """The server."""
    fake_server = SharedFakeServer()
    with serve(fake_server) as fake_server.url:
        yield fake_server


@pytest.fixture
def fake(fake_server: SharedFakeServer) -> FakeXero:
    """A fake Xero with one organisation."""
    fake_server.fake = FakeXero()
    return fake_server.fake


@pytest.fixture
def connect(fake: FakeXero, fake_server: SharedFakeServer) -> Iterator[Callable[..., Xero]]:
    """Connect with configuration values; `token` replaces one with all scopes."""
    with ExitStack() as stack:

        def perform(*, token: str | None = None, tenant_id: str = DEMO, **config: Any) -> Xero:
            credentials = {"access_token": token or fake_server.fake.token()}
            xero = Xero.create({"tenant_id": tenant_id, **config}, credentials=credentials, base_url=fake_server.url)
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
