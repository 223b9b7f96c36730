"""A fake Gmail for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from wren_core.contract.host import Host
from wren_core.testing import FakeStage, serve
from wren_gmail import Gmail
from wren_gmail.fake import FakeGmail


@pytest.fixture(scope="session")
def stage() -> Iterator[FakeStage]:
    """The server."""
    stage = FakeStage()
    with serve(stage) as stage.url:
        yield stage


@pytest.fixture
def fake(stage: FakeStage) -> FakeGmail:
    """A fake Gmail in which alice has three mails."""
    stage.fake = FakeGmail()
    return stage.fake


@pytest.fixture
def url(fake: FakeGmail, stage: FakeStage) -> str:
    """The URL of the fake."""
    return stage.url


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
