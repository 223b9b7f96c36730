"""Which parameter of a function gets the event of its trigger; the others keep their defaults. Pure.

`wren test` applies it to the text of a script, and the runner to the function itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

EVENT_NAMES = frozenset({"event", "tick"})
"""Names, apart from underscores, by which an optional parameter asks for the event."""
EVENT_CLASSES = frozenset({"Event", "ScheduleTick", "ManualStart", "Email", "WebhookRequest", "Message"})
"""Annotations by which any parameter asks for it."""


@dataclass(frozen=True, kw_only=True)
class FunctionParameter:
    """A parameter of a function."""

    name: str
    has_default: bool = False
    is_keyword_only: bool = False
    is_variadic: bool = False
    """`*args`; `**kwargs` is left out of the list."""
    annotation: str = ""
    """Text of its annotation."""

    @property
    def asks_for_event(self) -> bool:
        """Tell whether its name or its annotation says that it takes the event."""
        words = {word.rpartition(".")[2] for word in self.annotation.replace("|", " ").split()}
        return self.name.strip("_") in EVENT_NAMES or not EVENT_CLASSES.isdisjoint(words)


def list_unfilled(parameters: Sequence[FunctionParameter]) -> list[str]:
    """Return the parameters that keep a trigger from calling the function; none where it can."""
    required = [item for item in parameters if not item.has_default and not item.is_variadic]
    if len(required) > 1:
        return [item.name for item in required]
    return [item.name for item in required if item.is_keyword_only and not item.asks_for_event]


def find_event_parameter(parameters: Sequence[FunctionParameter]) -> FunctionParameter | None:
    """Return the parameter that gets the event: the required one, one that asks for it, or a leading `*args`."""
    required = [item for item in parameters if not item.has_default and not item.is_variadic]
    asking = [item for item in parameters if item.asks_for_event and not item.is_variadic]
    variadic = [item for item in parameters[:1] if item.is_variadic]
    return next(iter([*required, *asking, *variadic]), None)
