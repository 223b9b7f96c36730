"""`wren.ai(...)`: ask the connected ai integration.

text = wren.ai("Summarise these mails in three sentences", *mails)

class Invoice(BaseModel):
    number: str
    total: float

invoice = wren.ai("Read this invoice", Path("scan.png"), schema=Invoice)
"""

from typing import Any, TypeVar, cast, overload

from wren.script import session
from wren.script.ai_choice import choose_integration
from wren.script.ai_prompt import build_prompt
from wren.script.ai_schema import AnswerSchema
from wren.script.integration_handle import IntegrationHandle
from wren_core.ai.integration import AIIntegration
from wren_core.ai.records import ChatMessage, Completion

T = TypeVar("T")


class ModelAnswer(str):
    """The text a model wrote; `completion` has its model, usage and cost."""

    completion: Completion

    @classmethod
    def of(cls, completion: Completion) -> "ModelAnswer":
        """Return the text of a completion."""
        answer = cls(completion.text)
        answer.completion = completion
        return answer


@overload
def ai(
    prompt: str,
    *data: Any,
    model: str | None = None,
    integration: str | None = None,
    schema: None = None,
    system: str | None = None,
    max_tokens: int | None = None,
) -> ModelAnswer: ...
@overload
def ai(
    prompt: str,
    *data: Any,
    model: str | None = None,
    integration: str | None = None,
    schema: type[T],
    system: str | None = None,
    max_tokens: int | None = None,
) -> T: ...
@overload
def ai(
    prompt: str,
    *data: Any,
    model: str | None = None,
    integration: str | None = None,
    schema: Any,
    system: str | None = None,
    max_tokens: int | None = None,
) -> Any: ...
def ai(
    prompt: str,
    *data: Any,
    model: str | None = None,
    integration: str | None = None,
    schema: Any = None,
    system: str | None = None,
    max_tokens: int | None = None,
) -> Any:
    """Ask a model about some data; return its text, or an object of `schema`.

    Args:
        prompt: the task.
        data: what the task is about: text as it is; records, models and dicts as JSON; images as bytes or `Path`.
        model: id of a model. Default: the integration's own.
        integration: name of an ai integration. Default: the connected one.
        schema: a pydantic model or any type with a JSON Schema. An invalid answer is sent back once, with the problems.
        system: instructions before the prompt.
        max_tokens: the most tokens the answer may have.

    Returns:
        A `ModelAnswer`, which is text with the attribute `completion`; with `schema`, the checked object.

    Raises:
        UserFacingConfigError: no ai integration is connected, or the budget of the workspace is spent.
        AgentFixableError: several are connected and none is named; the second answer is invalid too
            (AI_ANSWER_INVALID); or what the integration's `generate` raises.

    Example:
        wren.ai("Which of these mails is urgent?", *mails, schema=list[str])
    """
    source = _get_instance(choose_integration(integration))
    text, images = build_prompt(prompt, data)
    options: dict[str, Any] = {"model": model, "system": system, "max_tokens": max_tokens}
    if schema is None:
        return ModelAnswer.of(source.generate(text, images=images, **options))
    expected = AnswerSchema(schema)
    question = ChatMessage(role="user", text=f"{text}\n\n{expected.instructions}", images=images)
    first = source.generate(messages=[question], **options)
    value, complaint = expected.read(first)
    if complaint is None:
        return value
    # Providers refuse an empty turn.
    answered = [first.as_message()] if first.text else []
    second = source.generate(expected.correction(complaint), messages=[question, *answered], **options)
    return expected.value_of(second)


def _get_instance(name: str) -> AIIntegration:
    """Return this session's instance of an integration; it stays connected between calls."""
    instances = session.current().instances
    if name not in instances:
        instances[name] = IntegrationHandle(name).init()
    return cast(AIIntegration, instances[name])
