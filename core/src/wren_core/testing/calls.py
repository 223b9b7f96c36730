"""What a check recorded of an integration: each call of each method."""

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
    """The fault of the fake during the call; empty where it worked as usual."""
    path: str = ""
    """The path that had the fault; empty for every path."""
    operation: str = ""
    """The operation that had the fault, where requests to one path name theirs; empty for every operation."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    """The result in its JSON form."""
    error: Exception | None = None
    requests: tuple[FakeRequest, ...] = ()
    other_addresses: tuple[str, ...] = ()
    """Addresses other than the fake's that it tried to contact."""
    reached_fake: bool = False
    """Whether it contacted the fake, on that path."""
    uses_python_sockets: bool = True
    """Whether it contacted the fake by Python's sockets, whose time limits a check can shorten."""

    @property
    def outcome(self) -> str:
        """The error it ended with, as text for a finding."""
        if self.error is None:
            return "no error"
        return f"{type(self.error).__name__}: {' '.join(str(self.error).split())[:160]}"

    @property
    def place(self) -> str:
        """The place to name in a finding about it."""
        where = " ".join(filter(None, (self.path, self.operation)))
        return f"{self.method} ({where})" if where else self.method


@dataclass(frozen=True, kw_only=True)
class MethodCalls:
    """All calls of one method."""

    method: str
    arguments: ExampleArguments | None = None
    """None where the example cannot be called."""
    plain: Call | None = None
    """The call of its example; None without a fake that could answer."""
    faulted: tuple[Call, ...] = ()
    """The same call, once for each fault."""
    with_wrong_credentials: Call | None = None
    """With credentials that no provider accepts, where the fake has no statuses to answer with."""
    with_declared_scopes: Call | None = None
    """With a token that has exactly the declared scopes."""
    without_scopes: Call | None = None
    """With a token that has no scopes."""
    with_small_pages: Call | None = None
    """With a fake that puts one item on a page."""
    with_limit_one: Call | None = None
    """With the method's limit set to one."""
    undo: Call | None = None
    """The call that undoes it, with arguments from its result."""

    @property
    def makes_no_request(self) -> bool:
        """Whether its example contacted no address."""
        return self.plain is not None and not self.plain.reached_fake and not self.plain.other_addresses

    @property
    def works(self) -> bool:
        """Whether its example succeeded against the fake."""
        return self.plain is not None and self.plain.reached_fake and self.plain.error is None

    @property
    def all(self) -> tuple[Call, ...]:
        """Every call that was made."""
        scoped = (self.with_wrong_credentials, self.with_declared_scopes, self.without_scopes)
        single = (self.plain, *scoped, self.with_small_pages, self.with_limit_one, self.undo)
        return (*(call for call in single if call is not None), *self.faulted)


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A secret in a text that is stored or shown."""

    place: str
    form: str


@dataclass(frozen=True, kw_only=True)
class RecordedCalls:
    """All calls of all methods."""

    methods: Mapping[str, MethodCalls] = field(default_factory=dict)
    leaks: tuple[Leak, ...] = ()
    has_fake: bool = False
    speaks_http: bool = True
    """Whether the fake knows requests and statuses; one without HTTP may only drop connections and delay answers."""
    has_scopes: bool = False
    """Whether the fake gives tokens with the scopes asked for."""
    problem: str = ""
    """Why no call could be made; empty where calls were made."""
