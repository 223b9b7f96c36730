"""A fake Gmail for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from wren_core.contract.host import Host
from wren_core.testing import SharedFakeServer, serve
from wren_gmail import Gmail
from wren_gmail.fake import FakeGmail


@pytest.fixture(scope="session")
def fake_server() -> Iterator[SharedFakeServer]:
    """The server."""
    fake_server = SharedFakeServer()
    with serve(fake_server) as fake_server.url:
        yield fake_server


@pytest.fixture
def fake(fake_server: SharedFakeServer) -> FakeGmail:
    """A fake Gmail in which alice has three mails."""
    fake_server.fake = FakeGmail()
    return fake_server.fake


@pytest.fixture
def url(fake: FakeGmail, fake_server: SharedFakeServer) -> str:
    """The URL of the fake."""
    return fake_server.url


@pytest.fixture
def connect(fake: FakeGmail, url: str) -> Iterator[Callable[..., Gmail]]:
    """Connect with configuration values; by default as alice, with all scopes."""
    with ExitStack() as stack:

        def perform(*, token: str | None = None, host: Host | None = None, config: Any = None, **owner: Any) -> Gmail:
            credentials = {"access_token": token or fake.token(**owner)}
            gmail = Gmail.create(config, credentials=credentials, base_url=url, host=host)
            stack.callback(gmail.close)
            return gmail

        yield perform


@pytest.fixture
def gmail(connect: Callable[..., Gmail]) -> Gmail:
    """The integration, connected as alice with every scope."""
    return connect()
