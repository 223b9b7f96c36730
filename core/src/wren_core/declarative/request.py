"""From a binding and arguments to the values of an HTTP request. Pure: nothing is sent."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wren_core import json_pointer
from wren_core.contract.credentials import Credentials
from wren_core.contract.request_binding import PATH_PARAMETER, Constant, Placement, RequestBinding
from wren_core.contract.spec import MethodSpec
from wren_core.declarative import serialization
from wren_core.errors import AuthFailed, ConfigInvalid, InvalidInput

_ACCEPT = {"json": "application/json", "text": "text/*, */*;q=0.5", "bytes": "*/*", "none": "*/*"}


@dataclass(frozen=True, kw_only=True)
class RequestValues:
    """One request, ready to be sent."""

    method: str
    path: str
    """From the root of the API, percent-encoded, without its query."""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    files: tuple[serialization.Part, ...] = field(default=(), repr=False)
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
    properties: dict[str, str] = field(default_factory=dict)
    """Name in the path -> property of the input."""
    query: list[tuple[str, str]] = field(default_factory=list)
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
    draft = _Draft(headers={"accept": _ACCEPT[binding.response]})
    for constant in binding.constants:
        _place_constant(draft, constant, around)
    limit = binding.pagination.limit if binding.pagination else ""
    for name, value in arguments.items():
        if name != limit:
            _place(draft, binding.placement(name), value)
    decoded = [(placement, _decode(method, placement, value)) for placement, value in draft.body]
    is_multipart = binding.body == "multipart"
    placed = decoded if binding.body == "raw" else draft.body
    content, content_type = (None, "") if is_multipart else _content(method, binding, placed)
    if content_type:
        draft.headers.setdefault("content-type", content_type)
    return RequestValues(
        method=binding.method,
        path=_path(binding, draft),
        query=tuple(draft.query),
        headers=draft.headers,
        content=content,
        files=_parts(decoded) if is_multipart else (),
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
    elif placement.place == "path":
        draft.path[name], draft.properties[name] = value, placement.argument
    elif placement.place == "query":
        draft.query += serialization.pairs(name, value, placement.style or "form", explode=placement.explode)
    elif value is not None:
        if not _fits_header(value):
            raise _invalid(placement.argument, "a header takes printable ASCII characters only")
        draft.headers[name.lower()] = serialization.text(value)


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
    path = PATH_PARAMETER.sub(lambda match: serialization.segment(draft.path[match[1]]), binding.path)
    if any(part in (".", "..") for part in path.split("/")):
        name = next(name for name in binding.path_parameters if set(serialization.text(draft.path[name])) == {"."})
        raise _invalid(draft.properties.get(name, name), f"{draft.path[name]!r} would lead to another address")
    return path


def _content(
    method: MethodSpec, binding: RequestBinding, placed: list[tuple[Placement, Any]]
) -> tuple[bytes | None, str]:
    """Return the body and its content type."""
    if not placed:
        return (b"{}", "application/json") if _has_json_members(method, binding) else (None, "")
    if binding.body == "raw":
        value = placed[0][1]
        if value is None:
            return None, ""
        return (value, "application/octet-stream") if isinstance(value, bytes) else (_as_bytes(value), "text/plain")
    if binding.body == "form":
        fields = [pair for placement, value in placed for pair in _form_pairs(placement, value)]
        return serialization.form(fields), "application/x-www-form-urlencoded"
    return json.dumps(_json_body(placed)).encode(), "application/json"


def _parts(placed: list[tuple[Placement, Any]]) -> tuple[serialization.Part, ...]:
    return tuple(serialization.part(placement.wire_name, value) for placement, value in placed if value is not None)


def _has_json_members(method: MethodSpec, binding: RequestBinding) -> bool:
    """Tell whether the body is an object without values: then an empty object is sent, not an empty body."""
    placements = map(binding.placement, method.input_schema.get("properties", {}))
    return binding.body == "json" and any(item.place == "body" and item.wire_name for item in placements)


def _form_pairs(placement: Placement, value: Any) -> serialization.Pairs:
    if placement.style is None and isinstance(value, dict):
        return serialization.pairs(placement.wire_name, value, "json")
    return serialization.pairs(placement.wire_name, value, placement.style or "form", explode=placement.explode)


def _json_body(placed: list[tuple[Placement, Any]]) -> Any:
    body: dict[str, Any] = {}
    for placement, value in placed:
        name = placement.wire_name
        if name == "":
            return value
        if name.startswith("/"):
            json_pointer.put(body, name, value)
        else:
            body[name] = value
    return body


def _decode(method: MethodSpec, placement: Placement, value: Any) -> Any:
    """Return the bytes of a property that is base64 in JSON."""
    schema = method.input_schema.get("properties", {}).get(placement.argument)
    if not isinstance(schema, dict) or schema.get("contentEncoding") != "base64" or not isinstance(value, str):
        return value
    try:
        # The bytes of a script arrive in the alphabet for URLs.
        return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise _invalid(placement.argument, "pass bytes, or text that is base64") from exc


def _as_bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()
