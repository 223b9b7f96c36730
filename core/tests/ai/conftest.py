"""An ai integration of a provider that exists nowhere: its dialect answers what a test told it to."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from wren_core import AIConfig, AIModel, CredentialSpec, CredentialType, ImageIntegration, IntegrationSpec
from wren_core.ai.dialect import CompletionRequest, Drawing, ImageRequest, Reply
from wren_core.ai.pricing import per_million
from wren_core.ai.records import GeneratedImage, Usage
from wren_core.contract.spec import ImageCost

PNG = b"\x89PNG\r\n\x1a\n rest"
USED = Usage(input_tokens=1000, output_tokens=200)
MODELS = AIConfig(
    provider="parrot",
    default_model="grey",
    available_models=(
        AIModel(
            id="grey",
            name="Grey",
            capabilities=("text", "tools"),
            context_window=2000,
            max_tokens=500,
            cost_per_token=per_million(3, 15),
        ),
        AIModel(
            id="macaw",
            name="Macaw",
            capabilities=("text", "vision", "tools"),
            input_formats=("text/plain", "image/png"),
            cost_per_token=per_million(10, 50),
        ),
        AIModel(
            id="painter",
            name="Painter",
            capabilities=("image_generation",),
            cost_per_image=ImageCost(standard=0.04, hd=0.08),
        ),
        AIModel(id="wild", name="Wild", capabilities=("text",)),
    ),
)


class Script:
    """What the provider does, and what it was asked."""

    def __init__(self) -> None:
        self.parts: list[Any] = [Reply(text="Hello.", stop_reason="end", usage=USED)]
        self.asked: list[Any] = []

    def next(self, request: Any) -> Iterator[Any]:
        """Yield the parts of an answer; an exception among them is raised."""
        self.asked.append(request)
        for part in list(self.parts):
            if isinstance(part, Exception):
                raise part
            yield part


class ParrotDialect:
    """The provider's dialect."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def complete(self, request: CompletionRequest) -> Reply:
        return next(part for part in self.script.next(request) if isinstance(part, Reply))

    def pieces(self, request: CompletionRequest) -> Iterator[str | Usage | Reply]:
        yield from self.script.next(request)

    def draw(self, request: ImageRequest) -> Drawing:
        list(self.script.next(request))
        images = [GeneratedImage(content=PNG, media_type="image/png")] * request.count
        return Drawing(images=images, usage=Usage(images=request.count))


class Parrot(ImageIntegration):
    """Models that repeat."""

    spec = IntegrationSpec(
        name="parrot",
        display_name="Parrot",
        type="ai",
        credentials=(CredentialSpec(key="api_key", type=CredentialType.API_KEY, env_var="PARROT_API_KEY"),),
        ai=MODELS,
    )
    script: Script

    def connect(self) -> ParrotDialect:
        return ParrotDialect(self.script)


class Ledger:
    """A host that writes down what it is asked, and refuses where a test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refusal: dict[str, Exception] = {}

    def request(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((operation, dict(payload)))
        if operation in self.refusal:
            raise self.refusal[operation]
        return {}

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.asked]

    @property
    def spent(self) -> list[dict[str, Any]]:
        return [payload for operation, payload in self.asked if operation == "ai.spent"]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def make(script: Script, ledger: Ledger) -> Callable[..., Parrot]:
    """Make an instance with configuration values."""

    def perform(*, host: Any = ledger, on_call: Any = None, **config: Any) -> Parrot:
        parrot = Parrot.create(config, credentials={"api_key": "k-123456"}, host=host, on_call=on_call)
        parrot.script = script
        return parrot

    return perform


@pytest.fixture
def parrot(make: Callable[..., Parrot]) -> Parrot:
    return make()
