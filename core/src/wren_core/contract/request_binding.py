"""The binding of a method to an HTTP request: data only, so that a definition can hold it in JSON.

Defaults follow from the request: a property named in the path goes there, the others go into the query of a
GET, HEAD or DELETE and into the body of anything else, each under its own name.
"""

import re
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

HttpMethod = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
Place = Literal["path", "query", "header", "body"]
Style = Literal["form", "simple", "spaceDelimited", "pipeDelimited", "deepObject", "json"]
Encoding = Literal["json", "form", "multipart", "raw"]
Scalar = str | bool | int | float | None
VerdictName = Literal["auth_failed", "invalid_input", "not_found", "rate_limited", "rejected", "unavailable"]
Pointer = Annotated[str, StringConstraints(pattern=r"^(/.*)?$")]
# Printable ASCII without an end of line: it stands in a header.
MediaType = Annotated[str, StringConstraints(pattern=r"^([!-~]+/[!-~][ -~]*)?$", max_length=1000)]
HeaderName = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
PATH_PARAMETER = re.compile(r"\{([^{}/]+)\}")
# Headers of the client itself: another value would change the request or the identity that the server sees.
_FORBIDDEN_HEADERS = frozenset({"connection", "content-length", "cookie", "host", "te", "transfer-encoding", "upgrade"})
_IN_QUERY = frozenset({"GET", "HEAD", "DELETE"})


class Part(BaseModel):
    """Base of the parts of a binding: frozen, and a field that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Placement(Part):
    """The place of one argument in the request."""

    argument: str
    place: Place
    name: str | None = None
    """Its name there; by default that of the argument. In a JSON body a JSON pointer leads deeper; with an empty
    one the value is the body."""
    style: Style | None = None
    """The style of arrays and objects in a query or a form, by default `form`. `json` writes them as JSON. In a path or
    a header `simple` writes the members of an object as `name=value`; without it, as `name,value`."""
    explode: bool = True
    """Whether each item of an array, and each member of an object, is a separate parameter."""
    media_type: str = ""
    """Of a part of `multipart/form-data`, such as `image/png`, or several such as `image/png, image/*`; by default that
    of the file, JSON for an object, and none for text."""

    @property
    def wire_name(self) -> str:
        """The name in the provider's API."""
        return self.argument if self.name is None else self.name

    @model_validator(mode="after")
    def _header_can_be_sent(self) -> Self:
        if self.place == "header":
            _check_header(self.wire_name)
            if self.wire_name.lower() == "authorization":
                raise ValueError("an argument may not set the header Authorization; credentials go there")
        return self


class Constant(Part):
    """A part of the request that is the same in every call."""

    place: Place
    name: str
    value: Scalar = None
    config: str | None = None
    """Field of the configuration that holds the value."""
    credential: str | None = None
    """Key of the credential that holds the value."""
    prefix: str = ""
    """Text in front of it."""

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if sum(source is not None for source in (self.value, self.config, self.credential)) != 1:
            raise ValueError(f"constant {self.name!r} needs exactly one of value, config and credential")
        if self.place == "header":
            _check_header(self.name)
        return self


class Pagination(Part):
    """How a paginated list is read; the method returns the items of all pages.

    cursor: the answer holds a cursor for the next page at `next`, which goes into `parameter`.
    page: `parameter` is the number of the page.
    offset: `parameter` is the number of items before the page.
    link: the answer names the next page's address, at `next` or in its Link header.
    """

    kind: Literal["cursor", "page", "offset", "link"]
    parameter: str = ""
    place: Literal["query", "body"] = "query"
    next: Pointer = ""
    more: Pointer = ""
    """Where the answer says that there are more pages; a false value there ends the list."""
    first: int | None = None
    """The first page or offset; by default 1 and 0."""
    size_parameter: str = ""
    size: Annotated[int | None, Field(ge=1)] = None
    """Items a page holds; a shorter page is the last one."""
    limit: str = ""
    """Property of the input with the requested number of items; it is not sent."""
    max_items: Annotated[int, Field(ge=1)] = 1000
    """Maximum number of returned items."""
    max_pages: Annotated[int, Field(ge=1)] = 100
    """Maximum number of pages; a list with more is an error."""

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        if self.kind != "link" and not self.parameter:
            raise ValueError(f"pagination by {self.kind} needs the name of its parameter")
        if self.kind == "cursor" and not self.next:
            raise ValueError("pagination by cursor needs `next`: where the answer holds the cursor")
        return self


class ReasonVerdict(Part):
    """The errors for some of a provider's reasons."""

    reasons: tuple[str, ...]
    verdict: VerdictName


class RefusalRule(Part):
    """How a provider reports a refusal in an answer of status 200."""

    pointer: Pointer
    """The member of the answer that shows a refusal."""
    equals: Scalar = False
    """Its value in a refusal."""
    reason: Pointer = ""
    """Where the answer has the reason."""
    verdicts: tuple[ReasonVerdict, ...] = ()
    """The meaning of reasons; any other reason is a rejection."""


class RequestBinding(Part):
    """The HTTP request of a method, and the part of the answer that it returns."""

    method: HttpMethod
    path: str
    """From the root of the API; `{name}` is the value of a property, percent-encoded."""
    placements: tuple[Placement, ...] = ()
    constants: tuple[Constant, ...] = ()
    body: Encoding = "json"
    """The format of the body; `raw` sends the one property that is placed there unchanged."""
    content_type: MediaType = ""
    """The media type of the body, such as `application/merge-patch+json`; by default the usual one of its format."""
    response: Literal["json", "text", "bytes", "none"] = "json"
    """What the answer holds; bytes are `bytes` in Python and base64 in JSON."""
    accept: MediaType = ""
    """The media types to ask for, such as `text/csv`; by default those of `response`."""
    output: Pointer = ""
    """JSON pointer to the part of the answer that is returned; empty for all of it."""
    pagination: Pagination | None = None
    refusal: RefusalRule | None = None

    @field_validator("path")
    @classmethod
    def _path_is_below_the_root(cls, path: str) -> str:
        literal = PATH_PARAMETER.sub("x", path)
        if not re.fullmatch(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/-]*", literal):
            raise ValueError(f"path {path!r} must begin with / and hold no query, no space and no unpaired brace")
        if any(segment in (".", "..") for segment in literal.split("/")):
            raise ValueError(f"path {path!r} must not lead upwards")
        return path

    @cached_property
    def path_parameters(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(dict.fromkeys(PATH_PARAMETER.findall(self.path)))

    @cached_property
    def _by_argument(self) -> dict[str, Placement]:
        return {item.argument: item for item in reversed(self.placements)}

    def placement(self, name: str) -> Placement:
        """Return where an argument goes."""
        found = self._by_argument.get(name)
        if found is not None:
            return found
        if name in self.path_parameters:
            return Placement(argument=name, place="path")
        return Placement(argument=name, place="query" if self.method in _IN_QUERY else "body")


def _check_header(name: str) -> None:
    if not HeaderName.fullmatch(name) or name.lower() in _FORBIDDEN_HEADERS:
        raise ValueError(f"{name!r} is no header that a definition may set")
