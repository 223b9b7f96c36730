"""The base classes of integrations of type `ai`.

An author declares the models in `spec.ai` and returns a `Dialect` from `connect()`: the provider's form of requests and
answers. Everything else is here, once: the choice of the model, the check of its limits, the budget, and the cost.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Annotated, Any, ClassVar, cast

from pydantic import Field

from wren_core.ai.choice import Models, check_request
from wren_core.ai.dialect import CompletionRequest, Dialect, Drawing, ImageRequest, Quality, Reply
from wren_core.ai.metering import Meter
from wren_core.ai.pricing import usd
from wren_core.ai.records import (
    ChatMessage,
    CompletedText,
    Completion,
    CompletionUsage,
    DrawnImage,
    GeneratedImages,
    ImageBytes,
    ImageUsage,
    ModelInfo,
    ToolDefinition,
    Usage,
)
from wren_core.ai.settings import AISettings
from wren_core.ai.stream import CompletionStream, StreamOwner, completed
from wren_core.ai.tokens import estimate_input
from wren_core.contract.doubt import settle_doubt
from wren_core.contract.execution import checked_arguments, error_of, make_presentable
from wren_core.contract.integration import Integration
from wren_core.contract.methods import method
from wren_core.contract.record import IntegrationConfig
from wren_core.contract.spec import AIConfig, AIModel
from wren_core.errors import AgentFixableError, AuthFailed, InternalError, InvalidInput, Unavailable, WrenError
from wren_core.http_status import verdict_for_exception
from wren_core.protocol.calls import CallRecord

IMAGES_UNSUPPORTED = "IMAGES_UNSUPPORTED"
"""Code of the error where no model generates images: every ai integration has the method."""
_Model = Annotated[str | None, "Id of a model; by default the default model, or the first suitable one"]


class AIIntegration(Integration):
    """A provider of models that write text.

    Example:
        class Parrot(AIIntegration):
            \"\"\"Models that repeat.\"\"\"

            spec = IntegrationSpec(name="parrot", display_name="Parrot", type="ai", ai=AIConfig(...), ...)

            def connect(self) -> ParrotDialect:
                from wren_parrot.dialect import ParrotDialect

                return ParrotDialect(self.credentials["api_key"], self.base_url)
    """

    Config: ClassVar[type[IntegrationConfig]] = AISettings

    @method(effect="read", example='{name}.generate("Summarise this mail in one sentence: ...")', idempotent=False)
    def generate(
        self,
        prompt: Annotated[str, "What to say to the model"] = "",
        images: Annotated[
            list[ImageBytes] | None, "Images for it to look at: PNG, JPEG, GIF or WebP, in JSON as base64"
        ] = None,
        messages: Annotated[
            list[ChatMessage] | None, "The conversation before the prompt, oldest first; without a prompt, all of it"
        ] = None,
        system: Annotated[str | None, "Instructions that stand above the conversation"] = None,
        tools: Annotated[list[ToolDefinition] | None, "Functions the model may ask for"] = None,
        model: _Model = None,
        max_tokens: Annotated[int | None, Field(ge=1), "Maximum tokens of the answer"] = None,
        temperature: Annotated[
            float | None, Field(ge=0, le=2), "How freely it chooses its words; some models refuse it"
        ] = None,
    ) -> Completion:
        """Let a model write text, look at images, or call tools; the result has its usage and cost."""
        return self._complete(
            _turns(prompt, images, messages), system=system, tools=tools or (), model=model,
            max_tokens=max_tokens, temperature=temperature,
        )  # fmt: skip

    # The names of `complete` and `generate_image` are those of every ai integration and of definitions.
    @method(effect="read", example='{name}.complete("Summarise this mail in one sentence: ...")', idempotent=False)
    def complete(
        self,
        prompt: Annotated[str, Field(min_length=1), "What to say to the model"],
        modelId: _Model = None,  # noqa: N803 - a fixed name
        maxTokens: Annotated[int | None, Field(ge=1), "Maximum tokens of the answer"] = None,  # noqa: N803 - a fixed name
        temperature: Annotated[float | None, Field(ge=0, le=2), "How freely it chooses its words"] = None,
    ) -> CompletedText:
        """Let a model answer one prompt with text; `generate` takes images, tools and conversations too."""
        answer = self._complete(
            _turns(prompt, None, None), model=modelId, max_tokens=maxTokens, temperature=temperature
        )
        used = CompletionUsage(
            promptTokens=answer.usage.input_tokens,
            completionTokens=answer.usage.output_tokens,
            totalTokens=answer.usage.input_tokens + answer.usage.output_tokens,
            cost=answer.cost_usd,
        )
        return CompletedText(completion=answer.text, usage=used)

    @method(effect="read", example='{name}.generate_image("A wren on a fence, watercolour")', idempotent=False)
    def generate_image(
        self,
        prompt: Annotated[str, Field(min_length=1), "What the image shows"],
        modelId: _Model = None,  # noqa: N803 - a fixed name
        width: Annotated[int, Field(ge=16, le=8192), "Pixels"] = 1024,
        height: Annotated[int, Field(ge=16, le=8192), "Pixels"] = 1024,
        quality: Annotated[Quality, "standard, or hd for more detail at a higher price"] = "standard",
    ) -> DrawnImage:
        """Let a model generate one image; an error where the integration has no model for images."""
        made = self._draw(prompt, model=modelId, count=1, size=f"{width}x{height}", quality=quality)
        if not made.images:
            raise Unavailable(f"{self.name} answered without an image")
        return DrawnImage(image=made.images[0].content, usage=ImageUsage(cost=made.cost_usd))

    @method(example='{name}.models("vision")')
    def models(
        self, capability: Annotated[str | None, "Only models with: text, vision, tools, image_generation"] = None
    ) -> list[ModelInfo]:
        """List the models that can be chosen, with limits and prices."""
        models = self._models
        found = [model for model in models.offered if capability is None or capability in model.capabilities]
        return [_info(model, is_default=model.id == models.default) for model in found]

    def stream(self, prompt: str = "", **arguments: Any) -> CompletionStream:
        """Return an answer that can be read while it is written; takes what `generate` takes.

        It is not a method of the integration, since methods return values; arguments, limits and budget are checked
        in the same way.

        Raises:
            InvalidInput: an argument does not fit; the first piece raises the errors of the provider.
        """
        generate = self.methods()["generate"]
        values = checked_arguments(generate, generate.bind((prompt,), arguments))
        turns = _turns(values.pop("prompt"), values.pop("images"), values.pop("messages"))
        request = self._request(turns, **{**values, "tools": values["tools"] or ()})
        owner = StreamOwner(open=self._pieces, error_of=self._error_of, on_end=self._tell)
        return CompletionStream(request, self._meter(request.model), owner)

    @property
    def _dialect(self) -> Dialect:
        return cast(Dialect, self.client)

    @property
    def _models(self) -> Models:
        return Models.of(self.name, ai_config(type(self)), cast(AISettings, self.config))

    def _complete(self, turns: Sequence[ChatMessage], **options: Any) -> Completion:
        request = self._request(turns, **{"tools": (), **options})
        meter = self._meter(request.model)
        meter.allow()
        with meter.answered(Usage(input_tokens=estimate_input(request), is_estimated=True)):
            reply = self._dialect.complete(request)
        return completed(request, reply, meter)

    def _draw(self, prompt: str, *, model: str | None, count: int, size: str, quality: Quality) -> GeneratedImages:
        able = [item for item in self._models.offered if "image_generation" in item.capabilities]
        draw: Callable[[ImageRequest], Drawing] | None = getattr(self.client, "draw", None) if able else None
        if draw is None:
            raise AgentFixableError(
                f"{self.name} does not generate images; use an ai integration that does",
                code=IMAGES_UNSUPPORTED,
                details={"integration": self.name},
            )
        chosen = self._models.choose(model, ["image_generation"])
        meter = self._meter(chosen)
        meter.allow()
        request = ImageRequest(model=chosen, prompt=prompt, count=count, size=size, quality=quality)
        with meter.answered(Usage(images=count, is_estimated=True), quality=quality):
            drawing = draw(request)
        cost = meter.charge(drawing.usage, quality=quality)
        return GeneratedImages(images=list(drawing.images), model=chosen.id, usage=drawing.usage, cost_usd=usd(cost))

    def _request(self, turns: Sequence[ChatMessage], *, model: str | None, **rest: Any) -> CompletionRequest:
        needs = ["text"]
        if any(turn.images for turn in turns):
            needs.append("vision")
        if rest["tools"]:
            needs.append("tools")
        request = CompletionRequest(messages=turns, model=self._models.choose(model, needs), **rest)
        check_request(request)
        return request

    def _meter(self, model: AIModel) -> Meter:
        return Meter(host=self.host, integration=self.name, model=model)

    def _pieces(self, request: CompletionRequest) -> Iterator[str | Usage | Reply]:
        """Yield the parts of an answer; a credential refused before the first part is renewed once."""
        used, has_begun = self.credentials, False
        try:
            with closing(cast(Any, self._dialect.pieces(request))) as parts:
                for part in parts:
                    has_begun = True
                    yield part
            return
        except Exception as exc:
            if has_begun or not isinstance(verdict_for_exception(exc), AuthFailed) or not self.renew(used):
                raise
        yield from self._dialect.pieces(request)

    def _error_of(self, exc: Exception) -> WrenError:
        error = error_of(exc, f"{self.name}.stream")
        settle_doubt(error, self.methods()["generate"].spec, has_written=False)
        make_presentable(error, self.credentials)
        return error

    def _tell(self, ms: float, outcome: str) -> None:
        if self.on_call is not None:
            self.on_call(
                CallRecord(integration=self.name, account=self.account_alias, method="stream", ms=ms, outcome=outcome)
            )


class ImageIntegration(AIIntegration):
    """A provider of models that also generate images; `connect()` returns an `ImageDialect`."""

    @method(
        effect="read", example='{name}.generate_images("A wren on a fence, watercolour", count=2)', idempotent=False
    )
    def generate_images(
        self,
        prompt: Annotated[str, Field(min_length=1), "What the images show"],
        model: _Model = None,
        count: Annotated[int, Field(ge=1, le=10), "How many images"] = 1,
        size: Annotated[str, Field(pattern=r"^(\d{2,4}x\d{2,4}|auto)$"), "Width x height in pixels"] = "1024x1024",
        quality: Annotated[Quality, "standard, or hd for more detail at a higher price"] = "standard",
    ) -> GeneratedImages:
        """Let a model generate images; the result has their cost."""
        return self._draw(prompt, model=model, count=count, size=size, quality=quality)


def ai_config(integration: type[Integration]) -> AIConfig:
    """Return the models and prices that an integration declares.

    Raises:
        InternalError: it declares none.
    """
    config = integration.spec.ai
    if config is None:
        raise InternalError(f"{integration.spec.name} is of type 'ai' and its spec has no `ai`")
    return config


def _turns(prompt: str, images: Sequence[bytes] | None, messages: Sequence[ChatMessage] | None) -> list[ChatMessage]:
    """Return the whole conversation.

    Raises:
        InvalidInput: there is nothing for the model to answer.
    """
    turns = list(messages or ())
    if prompt or images:
        turns.append(ChatMessage(role="user", text=prompt, images=list(images or ())))
    if not turns or turns[-1].role != "user":
        raise InvalidInput(
            "generate: give a prompt, or messages that end with the user's turn",
            details={"pointer": "/prompt", "expected": "text", "nearest": None},
        )
    return turns


def _info(model: AIModel, *, is_default: bool) -> ModelInfo:
    cost, per_image = model.cost_per_token, model.cost_per_image
    return ModelInfo(
        id=model.id,
        name=model.name,
        description=model.description,
        capabilities=list(model.capabilities),
        context_window=model.context_window,
        max_tokens=model.max_tokens,
        input_usd_per_million=None if cost is None else _per_million(cost.input),
        output_usd_per_million=None if cost is None else _per_million(cost.output),
        usd_per_image=None if per_image is None else per_image.standard,
        is_default=is_default,
    )


def _per_million(price: float) -> float:
    return round(price * 10**6, 6)
