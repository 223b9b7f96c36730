"""What was seen of an integration: each call of each method."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wren_core.testing.examples import ExampleArguments
from wren_core.testing.fake_provider import FakeRequest


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a method."""

    method: str
    fault: str = ""
    """What the fake was made to do; empty where it worked as usual."""
    path: str = ""
    """The path it did that on; empty for every path."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    """In its JSON form."""
    error: Exception | None = None
    requests: tuple[FakeRequest, ...] = ()
    strangers: tuple[str, ...] = ()
    """Places other than the fake that it tried to contact."""
    is_heard: bool = False
    """Whether it contacted the fake, on that path."""
    is_seen: bool = True
    """Whether it did so by Python's sockets, whose time limits can be cut short."""

    @property
    def happened(self) -> str:
        """What came of it, in words."""
        if self.error is None:
            return "no error at all"
        return f"{type(self.error).__name__}: {' '.join(str(self.error).split())[:160]}"

    @property
    def place(self) -> str:
        """Where a finding about it belongs."""
        return f"{self.method} ({self.path})" if self.path else self.method


@dataclass(frozen=True, kw_only=True)
class MethodCalls:
    """All calls of one method."""

    method: str
    arguments: ExampleArguments | None = None
    """None where the example cannot be called."""
    plain: Call | None = None
    """As its example says; None without a fake to answer it."""
    faulted: tuple[Call, ...] = ()
    scoped: Call | None = None
    """With a token that has the declared scopes and no others."""
    scopeless: Call | None = None
    """With a token without any scope."""
    paged: Call | None = None
    """While the fake puts one item on a page."""
    limited: Call | None = None
    """With its limit set to one."""
    undo: Call | None = None
    """The call that takes it back, with arguments from its result."""

    @property
    def is_local(self) -> bool:
        """Whether it did without contacting anybody."""
        return self.plain is not None and not self.plain.is_heard and not self.plain.strangers

    @property
    def works(self) -> bool:
        """Whether the example succeeded against the fake."""
        return self.plain is not None and self.plain.is_heard and self.plain.error is None

    @property
    def all(self) -> tuple[Call, ...]:
        """Every call that was made."""
        single = (self.plain, self.scoped, self.scopeless, self.paged, self.limited, self.undo)
        return (*(call for call in single if call is not None), *self.faulted)


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A secret in a text that is kept or shown."""

    place: str
    form: str


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """All calls of all methods."""

    methods: Mapping[str, MethodCalls] = field(default_factory=dict)
    leaks: tuple[Leak, ...] = ()
    has_fake: bool = False
    speaks_http: bool = True
    """Whether the fake knows requests and statuses; one with a protocol of its own can only fall silent."""
    has_scopes: bool = False
    """Whether the fake gives tokens with the scopes asked for."""
    problem: str = ""
    """Why nothing could be rehearsed; empty where it could."""
