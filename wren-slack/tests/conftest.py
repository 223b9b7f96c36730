"""A fake workspace for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wren_core.testing import SharedFakeServer, serve
from wren_slack import Slack
from wren_slack.fake import FakeSlack


@pytest.fixture(scope="session")
def fake_server() -> Iterator[SharedFakeServer]:
    """The server."""
    fake_server = SharedFakeServer()
    with serve(fake_server) as fake_server.url:
        yield fake_server


@pytest.fixture
def fake(fake_server: SharedFakeServer) -> FakeSlack:
    """A workspace with #general and #random, with the app, and #announcements, without it."""
    fake_server.fake = FakeSlack()
    return fake_server.fake


@pytest.fixture
def url(fake: FakeSlack, fake_server: SharedFakeServer) -> str:
    """The URL of the workspace."""
    return fake_server.url


@pytest.fixture
def connect(fake: FakeSlack, url: str) -> Callable[..., Slack]:
    """Connect with configuration values; `token` and `base_url` replace the working ones."""

    def perform(*, token: str | None = None, base_url: str = f"{url}/api/", **config: Any) -> Slack:
        return Slack.create(config, credentials={"access_token": token or fake.token()}, base_url=base_url)

    return perform


@pytest.fixture
def slack(connect: Callable[..., Slack]) -> Slack:
    """The integration with all its scopes and no default channel."""
    return connect()
