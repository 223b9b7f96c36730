"""A fake account for each test, served over HTTP, and the integration connected to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wren_anthropic import Anthropic
from wren_anthropic.fake import FakeAnthropic
from wren_core.testing import FakeStage, serve


@pytest.fixture(scope="session")
def stage() -> Iterator[FakeStage]:
    """The server."""
    stage = FakeStage()
    with serve(stage) as stage.url:
        yield stage


@pytest.fixture
def fake(stage: FakeStage) -> FakeAnthropic:
    """An account whose models echo the prompt."""
    stage.fake = FakeAnthropic()
    return stage.fake


@pytest.fixture
def connect(fake: FakeAnthropic, stage: FakeStage) -> Iterator[Callable[..., Anthropic]]:
    """Connect with configuration values; `key` replaces the valid key."""
    made: list[Anthropic] = []

    def perform(*, key: str = fake.key, base_url: str = stage.url, **config: Any) -> Anthropic:
        made.append(Anthropic.create(config, credentials={"api_key": key}, base_url=base_url))
        return made[-1]

    yield perform
    for instance in made:
        instance.close()


@pytest.fixture
def claude(connect: Callable[..., Anthropic]) -> Anthropic:
    """The integration with the valid key."""
    return connect()
