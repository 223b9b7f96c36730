"""A fake account for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wren_core.testing import SharedFakeServer, serve
from wren_openai import OpenAI
from wren_openai.fake import FakeOpenAI


@pytest.fixture(scope="session")
def fake_server() -> Iterator[SharedFakeServer]:
    """The server."""
    fake_server = SharedFakeServer()
    with serve(fake_server) as fake_server.url:
        yield fake_server


@pytest.fixture
def fake(fake_server: SharedFakeServer) -> FakeOpenAI:
    """An account whose models echo the prompt."""
    fake_server.fake = FakeOpenAI()
    return fake_server.fake


@pytest.fixture
def connect(fake: FakeOpenAI, fake_server: SharedFakeServer) -> Iterator[Callable[..., OpenAI]]:
    """Connect with configuration values; `key` replaces the valid key."""
    made: list[OpenAI] = []

    def perform(*, key: str = fake.key, base_url: str = fake_server.url, **config: Any) -> OpenAI:
        made.append(OpenAI.create(config, credentials={"api_key": key}, base_url=base_url))
        return made[-1]

    yield perform
    for instance in made:
        instance.close()


@pytest.fixture
def ai(connect: Callable[..., OpenAI]) -> OpenAI:
    """The integration with the valid key."""
    return connect()
