"""A fake GitHub for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from wren_core.testing import FakeStage, serve
from wren_github import GitHub
from wren_github.fake import FakeGitHub


@pytest.fixture(scope="session")
def stage() -> Iterator[FakeStage]:
    """The server."""
    stage = FakeStage()
    with serve(stage) as stage.url:
        yield stage


@pytest.fixture
def fake(stage: FakeStage) -> FakeGitHub:
    """A GitHub with alice/kites, and alice/diary, which is private."""
    stage.fake = FakeGitHub()
    return stage.fake


@pytest.fixture
def connect(fake: FakeGitHub, stage: FakeStage) -> Iterator[Callable[..., GitHub]]:
    """Connect with configuration values; `token` replaces one with all scopes."""
    with ExitStack() as stack:

        def perform(*, token: str | None = None, **config: Any) -> GitHub:
            credentials = {"access_token": token or fake.token()}
            github = GitHub.create(config, credentials=credentials, base_url=stage.url)
            stack.callback(github.close)
            return github

        yield perform


@pytest.fixture
def github(connect: Callable[..., GitHub]) -> GitHub:
    """The integration, with alice/kites as its default repository."""
    return connect(default_repository="alice/kites")
