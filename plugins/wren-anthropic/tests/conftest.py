"""A fake account for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wren_anthropic import Anthropic
from wren_anthropic.fake import FakeAnthropic
from wren_core.testing import SharedFakeServer, serve


@pytest.fixture(scope="session")
def fake_server() -> Iterator[SharedFakeServer]:
    """The server."""
    fake_server = SharedFakeServer()
    with serve(fake_server) as fake_server.url:
        yield fake_server


@pytest.fixture
def fake(fake_server: SharedFakeServer) -> FakeAnthropic:
    """An account whose models echo the prompt."""
    fake_server.fake = FakeAnthropic()
    return fake_server.fake


@pytest.fixture
def connect(fake: FakeAnthropic, fake_server: SharedFakeServer) -> Iterator[Callable[..., Anthropic]]:
    """Connect with configuration values; `key` replaces the valid key."""
    made: list[Anthropic] = []

    def perform(*, key: str = fake.key, base_url: str = fake_server.url, **config: Any) -> Anthropic:
        made.append(Anthropic.create(config, credentials={"api_key": key}, base_url=base_url))
        return made[-1]

    yield perform
    for instance in made:
        instance.close()


@pytest.fixture
def claude(connect: Callable[..., Anthropic]) -> Anthropic:
    """The integration with the valid key."""
    return connect()
