"""Which model answers, and whether it can: decided before anything is sent. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from wren_core.ai.dialect import CompletionRequest
from wren_core.ai.images import find_media_type
from wren_core.ai.settings import AISettings
from wren_core.ai.tokens import estimate_input
from wren_core.contract.spec import AIConfig, AIModel
from wren_core.errors import InvalidInput
from wren_core.nearest import find_nearest, suggest

# The error an estimate of tokens may have: no call is refused because of a smaller one; see `tokens`.
_TOLERANCE = 1.25
_ABILITIES = {
    "text": "write text",
    "vision": "see images",
    "tools": "call tools",
    "image_generation": "generate images",
}


@dataclass(frozen=True, kw_only=True)
class Models:
    """The models of one instance."""

    integration: str
    offered: tuple[AIModel, ...]
    default: str

    @classmethod
    def of(cls, integration: str, config: AIConfig, settings: AISettings) -> "Models":
        """Return the integration's models, extended and changed by its settings.

        Raises:
            InvalidInput: the default model of the settings does not exist (MODEL_UNKNOWN).
        """
        known = {model.id: model for model in config.available_models}
        for item in settings.models:
            known[item.id] = item.applied_to(known.get(item.id))
        models = cls(
            integration=integration, offered=tuple(known.values()), default=settings.model or config.default_model
        )
        models.get(models.default)
        return models

    def get(self, model_id: str) -> AIModel:
        """Return a model by id.

        Raises:
            InvalidInput: MODEL_UNKNOWN, with the nearest one and all of them.
        """
        found = next((model for model in self.offered if model.id == model_id), None)
        if found is not None:
            return found
        ids = [model.id for model in self.offered]
        nearest = find_nearest(model_id, ids)
        hint = suggest(nearest, otherwise=f"it has {', '.join(ids)}.")
        raise InvalidInput(
            f"{self.integration} has no model {model_id!r}; {hint} Others can be declared in the setting `models`",
            code="MODEL_UNKNOWN",
            details={"model": model_id, "nearest": nearest, "models": ids},
        )

    def choose(self, wanted: str | None, needs: Sequence[str]) -> AIModel:
        """Return the model for a call: the named one, else the default, else the first suitable one.

        Raises:
            InvalidInput: MODEL_UNKNOWN, or MODEL_UNSUITABLE with the suitable models.
        """
        default = self.get(self.default)
        able = [model for model in self.offered if _lacking(model, needs) is None]
        model = self.get(wanted) if wanted else default if default in able else next(iter(able), default)
        lacking = _lacking(model, needs)
        if lacking is None:
            return model
        ids = [item.id for item in able]
        others = f"these can: {', '.join(ids)}" if ids else f"no model of {self.integration} can"
        raise InvalidInput(
            f"{model.id} cannot {_ABILITIES.get(lacking, lacking)}; {others}",
            code="MODEL_UNSUITABLE",
            details={"model": model.id, "capability": lacking, "models": ids},
        )


def check_request(request: CompletionRequest) -> None:
    """Refuse a request that exceeds the limits of its model.

    Raises:
        InvalidInput: MAX_TOKENS_TOO_LARGE, CONTEXT_WINDOW_EXCEEDED or IMAGE_FORMAT_UNSUPPORTED.
    """
    model, wanted = request.model, request.max_tokens
    if wanted and model.max_tokens and wanted > model.max_tokens:
        raise InvalidInput(
            f"{model.id} writes at most {model.max_tokens} tokens, but max_tokens is {wanted}",
            code="MAX_TOKENS_TOO_LARGE",
            details={"pointer": "/max_tokens", "expected": f"at most {model.max_tokens}", "got": wanted},
        )
    _check_images(request)
    estimate = estimate_input(request)
    if model.context_window and estimate > (model.context_window - (wanted or 0)) * _TOLERANCE:
        raise InvalidInput(
            f"the prompt is about {estimate} tokens and the answer may have {wanted or 0}; {model.id} has room for "
            f"{model.context_window}. Shorten the prompt, ask for less or choose a model with a larger window",
            code="CONTEXT_WINDOW_EXCEEDED",
            details={"model": model.id, "context_window": model.context_window, "estimated_input_tokens": estimate},
        )


def _check_images(request: CompletionRequest) -> None:
    known = [kind for kind in request.model.input_formats if kind.startswith("image/")]
    for content in (image for message in request.messages for image in message.images):
        found = find_media_type(content)
        if found is None or (known and found not in known):
            raise InvalidInput(
                f"{request.model.id} cannot read {found or 'this as an image'}; it takes "
                f"{', '.join(known) or 'PNG, JPEG, GIF and WebP images'}",
                code="IMAGE_FORMAT_UNSUPPORTED",
                details={"media_type": found, "expected": known},
            )


def _lacking(model: AIModel, needs: Sequence[str]) -> str | None:
    return next((need for need in needs if need not in model.capabilities), None)
