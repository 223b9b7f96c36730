"""A fake Gmail for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from wren_core.host import Host
from wren_core.testing import serve
from wren_gmail import Gmail
from wren_gmail.fake import FakeGmail


class Stage:
    """An ASGI app that hands every request to the fake of the running test: one server serves them all."""

    fake: FakeGmail
    url: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.fake(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The server."""
    stage = Stage()
    with serve(stage) as stage.url:
        yield stage


@pytest.fixture
def fake(stage: Stage) -> FakeGmail:
    """A Gmail where alice has three mails."""
    stage.fake = FakeGmail()
    return stage.fake


@pytest.fixture
def url(fake: FakeGmail, stage: Stage) -> str:
    """Where it is served."""
    return stage.url


@pytest.fixture
def connect(fake: FakeGmail, url: str) -> Iterator[Callable[..., Gmail]]:
    """Connect with configuration values, as alice and with every scope unless `user`, `scopes` or `token` say other."""
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
