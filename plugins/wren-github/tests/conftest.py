"""A fake GitHub for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from wren_core.testing import SharedFakeServer, serve
from wren_github import GitHub
from wren_github.fake import FakeGitHub


@pytest.fixture(scope="session")
def fake_server() -> Iterator[SharedFakeServer]:
    """The server."""
    fake_server = SharedFakeServer()
    with serve(fake_server) as fake_server.url:
        yield fake_server


@pytest.fixture
def fake(fake_server: SharedFakeServer) -> FakeGitHub:
    """A GitHub with alice/kites, and alice/diary, which is private."""
    fake_server.fake = FakeGitHub()
    return fake_server.fake


@pytest.fixture
def connect(fake: FakeGitHub, fake_server: SharedFakeServer) -> Iterator[Callable[..., GitHub]]:
    """Connect with configuration values; `token` replaces one with all scopes."""
    with ExitStack() as stack:

        def perform(*, token: str | None = None, **config: Any) -> GitHub:
            credentials = {"access_token": token or fake.token()}
            github = GitHub.create(config, credentials=credentials, base_url=fake_server.url)
            stack.callback(github.close)
            return github

        yield perform


@pytest.fixture
def github(connect: Callable[..., GitHub]) -> GitHub:
    """The integration, with alice/kites as its default repository."""
    return connect(default_repository="alice/kites")
