"""The answers of a fake model: those that a test prepared, else an echo of the prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FakeAnswer:
    """One answer."""

    text: str = ""
    tool: str | None = None
    """Name of the tool that the model calls, with `arguments`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    """Text that the prompt must contain."""
    cut_after: int | None = None
    """Number of words after which a stream breaks off."""

    @property
    def words(self) -> list[str]:
        """The text in the pieces that a stream sends."""
        return [word if index == 0 else f" {word}" for index, word in enumerate(self.text.split(" "))] * bool(self.text)


class FakeModel:
    """Gives each prepared answer once, in order, to the first prompt that it fits."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        """The newest turn of each request, oldest first."""
        self._prepared: list[FakeAnswer] = []

    def say(self, text: str, *, when: str = "", cut_after: int | None = None) -> None:
        """Prepare the answer `text` to a prompt that contains `when`; a stream breaks off after `cut_after` words."""
        self._prepared.append(FakeAnswer(text=text, when=when, cut_after=cut_after))

    def call(self, tool: str, arguments: Mapping[str, Any], *, when: str = "") -> None:
        """Prepare a tool call as the answer to a prompt that contains `when`."""
        self._prepared.append(FakeAnswer(tool=tool, arguments=arguments, when=when))

    def answer(self, prompt: str) -> FakeAnswer:
        """Return the answer to a prompt."""
        self.prompts.append(prompt)
        for prepared in self._prepared:
            if prepared.when in prompt:
                self._prepared.remove(prepared)
                return prepared
        return FakeAnswer(text=f"You said: {prompt}")


def text_of(content: str | Sequence[Mapping[str, Any]] | None) -> str:
    """Return the text of a turn, given as text or as a list of parts; results of tools count as text."""
    if content is None or isinstance(content, str):
        return content or ""
    parts = [part.get("text") or text_of(part.get("content")) for part in content]
    return "\n".join(part for part in parts if part)
