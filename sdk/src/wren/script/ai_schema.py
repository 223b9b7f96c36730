"""Answers that must match a schema: the instructions for them, and the correction of an invalid one."""

import json
import re
from typing import Any

from pydantic import PydanticUserError, TypeAdapter, ValidationError

from wren_core.ai.records import Completion
from wren_core.errors import AgentFixableError, InvalidInput
from wren_core.schemas.validator import first_line

_FENCED = re.compile(r"^```\w*\s*\n(.*?)\n?```$", re.DOTALL)
_SHOWN_PROBLEMS = 10
_SHOWN_ANSWER = 500


class AnswerSchema:
    """The schema of an answer.

    Raises:
        InvalidInput: the type has no JSON Schema.
    """

    def __init__(self, schema: Any) -> None:
        try:
            self._adapter: TypeAdapter[Any] = TypeAdapter(schema)
            self._json_schema = json.dumps(self._adapter.json_schema())
        except Exception as exc:  # a value that is not a type may raise anything
            reason = f" ({first_line(exc)})" if isinstance(exc, PydanticUserError) else ""
            raise InvalidInput(
                f"wren.ai: schema: {schema!r} has no JSON Schema{reason}; pass a pydantic model or a plain type",
                details={"pointer": "/schema", "expected": "a type", "nearest": None},
            ) from exc

    @property
    def instructions(self) -> str:
        """The instructions for the model."""
        return (
            "Answer with one JSON value and nothing else: no explanation, no code fence. "
            f"It must be valid against this JSON Schema:\n{self._json_schema}"
        )

    def correction(self, complaint: str) -> str:
        """Return the instructions after an invalid answer."""
        return f"That answer is not valid:\n{complaint}\nAnswer again, with the corrected JSON value and nothing else."

    def read(self, completion: Completion) -> tuple[Any, str | None]:
        """Return the value of an answer and None, or None and its problems."""
        try:
            return self._adapter.validate_json(_strip_fence(completion.text)), None
        except ValidationError as exc:
            return None, _describe_problems(exc, completion)

    def value_of(self, completion: Completion) -> Any:
        """Return the value of an answer.

        Raises:
            AgentFixableError: AI_ANSWER_INVALID, with the problems and the start of the answer.
        """
        value, complaint = self.read(completion)
        if complaint is None:
            return value
        raise AgentFixableError(
            f"{completion.model} gave two answers that do not match the schema:\n{complaint}",
            code="AI_ANSWER_INVALID",
            details={"model": completion.model, "problems": complaint, "answer": completion.text[:_SHOWN_ANSWER]},
        )


def _strip_fence(text: str) -> str:
    """Return the JSON of an answer, without the code fence that models often add."""
    fenced = _FENCED.match(text.strip())
    return fenced[1] if fenced else text


def _describe_problems(exc: ValidationError, completion: Completion) -> str:
    if completion.stop_reason == "max_tokens":
        return "- it was cut off: it is longer than max_tokens allows"
    problems = exc.errors(include_url=False, include_input=False)[:_SHOWN_PROBLEMS]
    return "\n".join(f"- {'/'.join(str(part) for part in item['loc']) or 'answer'}: {item['msg']}" for item in problems)
