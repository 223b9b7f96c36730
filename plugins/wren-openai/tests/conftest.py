"""A fake account for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wren_core.testing import FakeStage, serve
from wren_openai import OpenAI
from wren_openai.fake import FakeOpenAI


@pytest.fixture(scope="session")
def stage() -> Iterator[FakeStage]:
    """The server."""
    stage = FakeStage()
    with serve(stage) as stage.url:
        yield stage


@pytest.fixture
def fake(stage: FakeStage) -> FakeOpenAI:
    """An account whose models echo the prompt."""
    stage.fake = FakeOpenAI()
    return stage.fake


@pytest.fixture
def connect(fake: FakeOpenAI, stage: FakeStage) -> Iterator[Callable[..., OpenAI]]:
    """Connect with configuration values; `key` replaces the valid key."""
    made: list[OpenAI] = []

    def perform(*, key: str = fake.key, base_url: str = stage.url, **config: Any) -> OpenAI:
        made.append(OpenAI.create(config, credentials={"api_key": key}, base_url=base_url))
        return made[-1]

    yield perform
    for instance in made:
        instance.close()


@pytest.fixture
def ai(connect: Callable[..., OpenAI]) -> OpenAI:
    """The integration with the valid key."""
    return connect()
