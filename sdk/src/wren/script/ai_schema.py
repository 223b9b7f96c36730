"""Answers of a given shape: how they are asked for, read, and sent back when they do not fit."""

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


class Expected:
    """The shape an answer must have.

    Raises:
        InvalidInput: the type has no JSON Schema.
    """

    def __init__(self, schema: Any) -> None:
        try:
            self._adapter: TypeAdapter[Any] = TypeAdapter(schema)
            self._json_schema = json.dumps(self._adapter.json_schema())
        except Exception as exc:  # what is no type at all fails in as many ways as there are values
            said = f" ({first_line(exc)})" if isinstance(exc, PydanticUserError) else ""
            raise InvalidInput(
                f"wren.ai: schema: {schema!r} has no JSON Schema{said}; pass a pydantic model or a plain type",
                details={"pointer": "/schema", "expected": "a type", "nearest": None},
            ) from exc

    @property
    def instructions(self) -> str:
        """What the model is told about the shape."""
        return (
            "Answer with one JSON value and nothing else: no explanation, no code fence. "
            f"It must be valid against this JSON Schema:\n{self._json_schema}"
        )

    def correction(self, complaint: str) -> str:
        """Return what the model is told about an answer that does not fit."""
        return f"That answer is not valid:\n{complaint}\nAnswer again, with the corrected JSON value and nothing else."

    def read(self, completion: Completion) -> tuple[Any, str | None]:
        """Return the value of an answer and None, or None and what is wrong with it."""
        try:
            return self._adapter.validate_json(_unfenced(completion.text)), None
        except ValidationError as exc:
            return None, _complaint(exc, completion)

    def value_of(self, completion: Completion) -> Any:
        """Return the value of an answer.

        Raises:
            AgentFixableError: AI_ANSWER_INVALID, with what is wrong and how the answer begins.
        """
        value, complaint = self.read(completion)
        if complaint is None:
            return value
        raise AgentFixableError(
            f"{completion.model} answered twice with something that does not fit the schema:\n{complaint}",
            code="AI_ANSWER_INVALID",
            details={"model": completion.model, "problems": complaint, "answer": completion.text[:_SHOWN_ANSWER]},
        )


def _unfenced(text: str) -> str:
    """Return the JSON of an answer; models like to put it into a code fence, whatever they are told."""
    fenced = _FENCED.match(text.strip())
    return fenced[1] if fenced else text


def _complaint(exc: ValidationError, completion: Completion) -> str:
    if completion.stop_reason == "max_tokens":
        return "- it was cut off: it is longer than max_tokens allows"
    problems = exc.errors(include_url=False, include_input=False)[:_SHOWN_PROBLEMS]
    return "\n".join(f"- {'/'.join(str(part) for part in item['loc']) or 'answer'}: {item['msg']}" for item in problems)
