"""Two ai integrations for tests, which say what a test told them to; nothing of them needs a network."""

from collections.abc import Iterator
from typing import ClassVar

from wren_core import AIConfig, AIIntegration, AIModel, CredentialSpec, CredentialType, IntegrationSpec
from wren_core.ai.dialect import CompletionRequest, Reply
from wren_core.ai.pricing import per_million
from wren_core.ai.records import Usage

_ABILITIES = ("text", "vision")


class Repeater:
    """Answers in turn, and keeps what it was asked."""

    answers: ClassVar[list[str]] = []
    asked: ClassVar[list[CompletionRequest]] = []

    def complete(self, request: CompletionRequest) -> Reply:
        self.asked.append(request)
        text = self.answers.pop(0) if self.answers else request.messages[-1].text
        usage = Usage(input_tokens=1000, output_tokens=100)
        return Reply(text=text, stop_reason="max_tokens" if text.endswith("...") else "end", usage=usage)

    def pieces(self, request: CompletionRequest) -> Iterator[str | Usage | Reply]:
        yield self.complete(request)


class Parrot(AIIntegration):
    """Models that repeat."""

    spec = IntegrationSpec(
        name="parrot",
        display_name="Parrot",
        type="ai",
        credentials=(CredentialSpec(key="key", type=CredentialType.API_KEY, env_var="PARROT_KEY"),),
        ai=AIConfig(
            provider="birds",
            default_model="grey",
            available_models=(
                AIModel(id="grey", name="Grey", capabilities=_ABILITIES, cost_per_token=per_million(1, 10)),
                AIModel(id="green", name="Green", capabilities=_ABILITIES),
            ),
        ),
    )

    def connect(self) -> Repeater:
        return Repeater()


class Crow(Parrot):
    """Models that mock."""

    spec = Parrot.spec.model_copy(
        update={
            "name": "crow",
            "display_name": "Crow",
            "credentials": (CredentialSpec(key="key", type=CredentialType.API_KEY, env_var="CROW_KEY"),),
        }
    )
