"""From a binding and arguments to the values of an HTTP request. Pure: nothing is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wren_core import json_pointer
from wren_core.contract.credentials import Credentials
from wren_core.contract.request_binding import PATH_PARAMETER, Constant, Placement, RequestBinding
from wren_core.contract.spec import MethodSpec
from wren_core.declarative import serialization
from wren_core.declarative.body import content_of, files_of
from wren_core.declarative.local_file import to_base64
from wren_core.declarative.multipart import Part
from wren_core.errors import AuthFailed, ConfigInvalid, InvalidInput

_ACCEPT = {"json": "application/json", "text": "text/*, */*;q=0.5", "bytes": "*/*", "none": "*/*"}


@dataclass(frozen=True, kw_only=True)
class RequestValues:
    """One request, ready to be sent."""

    method: str
    path: str
    """From the root of the API, percent-encoded, without its query."""
    query: str = field(default="", repr=False)
    """Percent-encoded."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    files: tuple[Part, ...] = field(default=(), repr=False)
    """The parts of a body of `multipart/form-data`, in place of `content`."""


@dataclass(frozen=True, kw_only=True)
class RequestContext:
    """The values of a request that are not arguments."""

    config: Mapping[str, Any]
    credentials: Credentials


@dataclass(kw_only=True)
class _Draft:
    """The values placed so far."""

    path: dict[str, Any] = field(default_factory=dict)
    segments: dict[str, str] = field(default_factory=dict)
    """Name in the path -> its value, percent-encoded."""
    properties: dict[str, str] = field(default_factory=dict)
    """Name in the path -> property of the input."""
    query: list[serialization.Parameter] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: list[tuple[Placement, Any]] = field(default_factory=list)


def build_request(
    method: MethodSpec, binding: RequestBinding, arguments: Mapping[str, Any], around: RequestContext
) -> RequestValues:
    """Return the request of one call.

    Raises:
        InvalidInput: a value cannot go into its place: it would leave the path, break a header, or is not base64.
        ConfigInvalid: a field of the configuration that the request needs has no value.
        CredentialMissing: a credential that the request needs is missing.
    """
    draft = _Draft(headers={"accept": binding.accept or _ACCEPT[binding.response]})
    for constant in binding.constants:
        _place_constant(draft, constant, around)
    limit = binding.pagination.limit if binding.pagination else ""
    for name, value in arguments.items():
        if name != limit:
            _place(draft, binding.placement(name), value)
    content, content_type = content_of(method, binding, draft.body)
    if content_type:
        draft.headers.setdefault("content-type", content_type)
    return RequestValues(
        method=binding.method,
        path=_path(binding, draft),
        query=serialization.query(draft.query),
        headers=draft.headers,
        content=content,
        files=files_of(method, binding, draft.body),
    )


def _place_constant(draft: _Draft, constant: Constant, around: RequestContext) -> None:
    value = constant.value
    if constant.credential is not None:
        value = around.credentials[constant.credential]
    elif constant.config is not None:
        value = around.config.get(constant.config)
        if value is None:
            raise ConfigInvalid(
                f"the configuration field {constant.config!r} has no value; set it with init({constant.config}=...)",
                details={"field": constant.config},
            )
    written = constant.prefix + serialization.text(value) if constant.prefix else value
    # Unchecked: the rules of a placement are for arguments; a credential may go where an argument must not.
    placement = Placement.model_construct(argument=constant.name, place=constant.place)
    if constant.place == "header" and not _fits_header(written):
        raise _unfit_constant(constant, f"the header {constant.name!r} would hold characters that no header may")
    if constant.place == "path" and set(serialization.text(written)) <= {"."}:
        raise _unfit_constant(constant, f"{serialization.text(written)!r} would lead to another address")
    _place(draft, placement, written)


def _place(draft: _Draft, placement: Placement, value: Any) -> None:
    name = placement.wire_name
    if placement.place == "body":
        draft.body.append((placement, value))
        return
    value = to_base64(value)
    if placement.place == "path":
        draft.path[name], draft.properties[name] = value, placement.argument
        draft.segments[name] = serialization.segment(value, explode=placement.style == "simple" and placement.explode)
    elif placement.place == "query":
        draft.query += serialization.parameters(name, value, placement.style or "form", explode=placement.explode)
    elif value is not None:
        written = serialization.header(value, explode=placement.style == "simple" and placement.explode)
        if not _fits_header(written):
            raise _invalid(placement.argument, "a header takes printable ASCII characters only")
        draft.headers[name.lower()] = written


def _fits_header(value: Any) -> bool:
    return re.fullmatch(r"[ -~]*", serialization.text(value)) is not None


def _unfit_constant(constant: Constant, reason: str) -> ConfigInvalid | AuthFailed:
    if constant.credential is not None:
        return AuthFailed(f"{reason}; connect again with another {constant.credential!r}")
    return ConfigInvalid(f"{constant.config!r}: {reason}", details={"field": constant.config})


def _invalid(prop: str, reason: str) -> InvalidInput:
    pointer = json_pointer.build([prop])
    return InvalidInput(f"{pointer}: {reason}", details={"pointer": pointer, "expected": reason})


def _path(binding: RequestBinding, draft: _Draft) -> str:
    for name in binding.path_parameters:
        if draft.path.get(name) is None or not serialization.text(draft.path[name]):
            raise _invalid(draft.properties.get(name, name), "an empty text cannot be part of an address")
    path = PATH_PARAMETER.sub(lambda match: draft.segments[match[1]], binding.path)
    if any(part in (".", "..") for part in path.split("/")):
        name = next(name for name in binding.path_parameters if set(serialization.text(draft.path[name])) == {"."})
        raise _invalid(draft.properties.get(name, name), f"{draft.path[name]!r} would lead to another address")
    return path
