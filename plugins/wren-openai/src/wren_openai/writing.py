"""A response of the Chat Completions API, received at once or in chunks."""

from dataclasses import dataclass, field

from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion import Choice
from openai.types.completion_usage import CompletionUsage


@dataclass(kw_only=True)
class DraftCall:
    """A tool call, with its arguments as the text that the model wrote."""

    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(kw_only=True)
class Draft:
    """The part of the response that was received so far."""

    text: str = ""
    refusal: str = ""
    finish_reason: str | None = None
    usage: CompletionUsage | None = None
    calls: dict[int, DraftCall] = field(default_factory=dict)

    @classmethod
    def of(cls, choice: Choice, usage: CompletionUsage | None) -> "Draft":
        """Build it from a complete response."""
        message = choice.message
        calls = {
            index: DraftCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
            for index, call in enumerate(message.tool_calls or ())
            if call.type == "function"
        }
        written = {"text": message.content or "", "refusal": message.refusal or ""}
        return cls(**written, finish_reason=choice.finish_reason, usage=usage, calls=calls)

    def add(self, chunk: ChatCompletionChunk) -> str:
        """Add a chunk and return its text."""
        self.usage = chunk.usage or self.usage
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self.finish_reason = choice.finish_reason or self.finish_reason
        for part in choice.delta.tool_calls or ():
            call = self.calls.setdefault(part.index, DraftCall())
            call.id = part.id or call.id
            if part.function:
                call.name += part.function.name or ""
                call.arguments += part.function.arguments or ""
        piece, refusal = choice.delta.content or "", choice.delta.refusal or ""
        self.text += piece
        self.refusal += refusal
        return piece or refusal
