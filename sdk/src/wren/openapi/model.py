"""An API as a document describes it, in either dialect. Schemas stay JSON nodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from wren.openapi.errors import NodeInvalid
from wren.openapi.keywords import tidy
from wren.openapi.node import Node

Requirement = Mapping[str, tuple[str, ...]]
"""Security schemes that are required together, each with its scopes."""
SchemeKind = Literal["oauth2", "apikey", "bearer", "basic"]
_READS = frozenset({"GET", "HEAD"})
_EFFECTS = {**dict.fromkeys(_READS, "read"), "DELETE": "destructive"}
EFFECTS = frozenset({"read", "write", "destructive"})
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How arrays and objects are written in a query or a form."""

    style: str | None = None
    explode: bool | None = None
    """None: as the style implies."""
    media_type: str = ""
    """The media types of a part of a form."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter outside the body."""

    name: str
    place: str
    schema: Node
    description: str = ""
    is_required: bool = False
    layout: Layout = Layout()
    is_json: bool = False
    """Its value is one JSON text."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """One form of a body or an answer."""

    media_type: str
    schema: Node | None = None
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    """Layouts of members of a form, by name."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """What an operation sends."""

    contents: tuple[Content, ...]
    description: str = ""
    is_required: bool = False


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable of a server's address."""

    default: str = ""
    choices: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Server:
    """The root of an API: an address, which may have variables in braces."""

    url: str = ""
    variables: Mapping[str, Variable] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A way to connect."""

    type: str
    """Its name in the document, for messages."""
    kind: SchemeKind | None
    """None for one that cannot be used."""
    description: str = ""
    place: Literal["header", "query"] = "header"
    name: str = ""
    authorization_url: str = ""
    token_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation."""

    verb: str
    path: str
    method_id: str = ""
    operation_id: str = ""
    tags: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    is_deprecated: bool = False
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: Mapping[str, tuple[Content, ...]] = field(default_factory=dict)
    """By status."""
    security: tuple[Requirement, ...] = ()
    """Alternatives; empty for an operation without authentication."""
    server: Server | None = None
    """Its own server, or that of its path, where it has one."""
    declared_effect: str = ""
    """`x-wren-effect`."""
    output: str = ""
    """`x-wren-output`: JSON pointer to the part of the answer that is returned."""
    pagination: Node | None = None
    """`x-wren-pagination`."""
    notes: tuple[str, ...] = ()
    """What could not be read of its answers."""
    mistake: NodeInvalid | None = None
    """Why it could not be read; the other fields are then empty."""

    @property
    def label(self) -> str:
        """The operation as text: `GET /things`."""
        return f"{self.verb} {self.path}"

    @property
    def ids(self) -> set[str]:
        """The names by which it can be chosen."""
        return {self.operation_id or self.method_id, self.method_id, self.label}

    @property
    def effect(self) -> str:
        """The declared effect, else the one of the HTTP method."""
        return self.declared_effect or _EFFECTS.get(self.verb, "write")

    @property
    def is_idempotent(self) -> bool:
        """Tell whether calling it twice equals calling it once, by its HTTP method; a GET that writes does not."""
        return self.verb in _REPEATABLE and (self.verb not in _READS or self.effect == "read")

    @property
    def title(self) -> str:
        """A title for people."""
        return self.method_id.replace("_", " ").strip().title()

    @property
    def docstring(self) -> str:
        """The first sentence, and below it the rest of the description."""
        summary, text = tidy(self.summary), tidy(self.description)
        if not summary:
            first, _, rest = text.partition(". ")
            summary, text = first or f"Call {self.label}", rest
        first = summary if summary.endswith((".", "!", "?")) else f"{summary}."
        notes = ["The provider will remove it."] if self.is_deprecated else []
        same = text.rstrip(".") == summary.rstrip(".")
        return "\n\n".join([first, *([] if same or not text else [text]), *notes])

    def named(self, method_id: str) -> "Operation":
        """Return the operation with the id of its method."""
        return replace(self, method_id=method_id)


@dataclass(frozen=True, kw_only=True)
class Api:
    """The parts of a document that an import needs."""

    title: str = ""
    version: str = ""
    description: str = ""
    docs_url: str | None = None
    server: Server = Server()
    """The first server."""
    schemes: Mapping[str, Scheme] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ()
