"""What the models of a fake provider answer: what a test told them to, else an echo. Each dialect has its own form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FakeAnswer:
    """One answer."""

    text: str = ""
    tool: str | None = None
    """Name of a function the model wants called, with `arguments`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    """Text that must be in what was said."""
    cut_after: int | None = None
    """Words of a stream after which the connection breaks."""

    @property
    def words(self) -> list[str]:
        """The text in the pieces in which a stream brings it."""
        return [word if index == 0 else f" {word}" for index, word in enumerate(self.text.split(" "))] * bool(self.text)


class FakeModel:
    """Answers in the order it was told; each told answer once, to the first question it fits."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        """What was said to it, the newest turn of each request, oldest first."""
        self._told: list[FakeAnswer] = []

    def say(self, text: str, *, when: str = "", cut_after: int | None = None) -> None:
        """Answer a question that has `when` in it with `text`; a stream may break after some words."""
        self._told.append(FakeAnswer(text=text, when=when, cut_after=cut_after))

    def call(self, tool: str, arguments: Mapping[str, Any], *, when: str = "") -> None:
        """Answer a question that has `when` in it with the wish to have a function called."""
        self._told.append(FakeAnswer(tool=tool, arguments=arguments, when=when))

    def answer(self, said: str) -> FakeAnswer:
        """Return the answer to what was said."""
        self.heard.append(said)
        for told in self._told:
            if told.when in said:
                self._told.remove(told)
                return told
        return FakeAnswer(text=f"You said: {said}")


def text_of(content: str | Sequence[Mapping[str, Any]] | None) -> str:
    """Return the text of a turn, whether it is text or a list of parts; results of tools count as text."""
    if content is None or isinstance(content, str):
        return content or ""
    parts = [part.get("text") or text_of(part.get("content")) for part in content]
    return "\n".join(part for part in parts if part)
