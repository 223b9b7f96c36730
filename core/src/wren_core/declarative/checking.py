"""The checks of a definition when it is loaded, so that no call has to repeat them."""

import keyword
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from wren_core import json_pointer
from wren_core.contract.address_check import host_template, list_address_problems
from wren_core.contract.request_binding import Constant, RequestBinding
from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.schemas.properties import required_of

_MOST_LEVELS = 100


def list_problems(spec: IntegrationSpec) -> list[str]:
    """List the problems of a definition; empty where it can be an integration."""
    if not spec.methods:
        return ["it declares no method"]
    is_bound = any(method.request for method in spec.methods)
    addresses = _address_problems(spec) if is_bound else ()
    return [*addresses, *(text for method in spec.methods for text in _method_problems(spec, method))]


def _address_problems(spec: IntegrationSpec) -> Iterator[str]:
    problems = list_address_problems(spec)
    yield from problems
    host = "" if problems or not spec.base_url else host_template(spec.base_url)
    if host:
        if host not in spec.config_hosts:
            yield f"configHosts must name {host!r}, the host of baseUrl"
        return
    parts = urlsplit(spec.base_url or "")
    if not parts.hostname:
        yield "baseUrl is missing: the root of the API, to which paths are added"
        return
    if parts.query or parts.fragment or parts.username or parts.password:
        yield "baseUrl must hold no user, query or fragment"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname if port == 443 else f"{parts.hostname}:{port}"
    if host not in spec.hosts:
        yield f"hosts must name {host!r}, the host of baseUrl"


def _method_problems(spec: IntegrationSpec, method: MethodSpec) -> Iterator[str]:
    if keyword.iskeyword(method.id):
        yield f"method {method.id!r} cannot be called in Python; choose another id"
    if not method.description:
        yield f"{method.id} has no description"
    binding = method.request
    if binding is None:
        return
    for text in (*list_binding_problems(method, binding), *_constant_problems(spec, binding)):
        yield f"{method.id}: {text}"


def list_binding_problems(method: MethodSpec, binding: RequestBinding) -> list[str]:
    """List the contradictions between a method's arguments and its request."""
    return [*_input_problems(method, binding), *_body_problems(method, binding), *_paging_problems(method, binding)]


def _input_problems(method: MethodSpec, binding: RequestBinding) -> Iterator[str]:
    schema = method.input_schema
    properties, required = schema.get("properties", {}), required_of(schema)
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        yield "inputSchema must be an object that allows no further properties (additionalProperties: false)"
    for name in properties:
        if not name.isidentifier() or keyword.iskeyword(name):
            yield f"property {name!r} cannot be written as an argument in Python; rename it, and place it by name"
    for name in {item.argument for item in binding.placements} - set(properties):
        yield f"{name!r} is placed and is not a property of inputSchema"
    placed = {name: binding.placement(name) for name in properties}
    in_path = {item.wire_name: name for name, item in placed.items() if item.place == "path"}
    fixed = {constant.name for constant in binding.constants if constant.place == "path"}
    for parameter in [item for item in binding.path_parameters if item not in fixed]:
        name = in_path.pop(parameter, None)
        if name is None or (name not in required and "default" not in properties[name]):
            yield f"{{{parameter}}} of the path must be a required property"
    for parameter, name in in_path.items():
        yield f"{name!r} is placed in the path, which has no {{{parameter}}}"


def _body_problems(method: MethodSpec, binding: RequestBinding) -> Iterator[str]:
    placed = {name: binding.placement(name) for name in method.input_schema.get("properties", {})}
    in_body = {name: item.wire_name for name, item in placed.items() if item.place == "body"}
    in_body |= {f"constant {item.name!r}": item.name for item in binding.constants if item.place == "body"}
    if ("" in in_body.values() or binding.body == "raw") and len(in_body) > 1:
        yield f"the body is one value, but {', '.join(in_body)} are placed in it"
    if binding.method in ("GET", "HEAD") and in_body:
        yield f"a {binding.method} has no body, but {', '.join(in_body)} would go there"
    if binding.body == "json":
        yield from _collisions(in_body)


def _collisions(wire_names: Mapping[str, str]) -> Iterator[str]:
    """Describe two values with the same place in a JSON body, or with one place inside the other."""
    ways = {
        name: json_pointer.split(wire) if wire.startswith("/") else [wire] for name, wire in wire_names.items() if wire
    }
    order = {name: number for number, name in enumerate(ways)}
    places: dict[str | None, Any] = {}
    # In order of their length, so that a place is known before the places inside it.
    for name, way in sorted(ways.items(), key=lambda item: len(item[1])):
        if len(way) > _MOST_LEVELS:
            yield f"{name} goes more than {_MOST_LEVELS} levels deep into the body"
            continue
        other = _take_place(places, way, name)
        if other is not None:
            first, second = sorted((other, name), key=order.__getitem__)
            yield f"{first} and {second} go to the same place of the body, or one into the other"


def _take_place(places: dict[str | None, Any], way: list[str], name: str) -> str | None:
    """Take a place in a tree of places; return the name that already has it, or one above it."""
    for part in way:
        places = places.setdefault(part, {})
        if None in places:
            return str(places[None])
    places[None] = name
    return None


def _constant_problems(spec: IntegrationSpec, binding: RequestBinding) -> Iterator[str]:
    settings = spec.config_schema.get("properties", {})
    keys = {credential.key for credential in spec.credentials}
    for constant in binding.constants:
        if constant.config is not None and constant.config not in settings:
            yield f"constant {constant.name!r} comes from {constant.config!r}, which configSchema does not have"
        if constant.credential is not None and constant.credential not in keys:
            yield f"constant {constant.name!r} comes from {constant.credential!r}, which is not a credential"
        if _is_spelt_out_secret(constant):
            yield "a constant may not spell out Authorization; declare a credential"


def _is_spelt_out_secret(constant: Constant) -> bool:
    return constant.place == "header" and constant.name.lower() == "authorization" and constant.credential is None


def _paging_problems(method: MethodSpec, binding: RequestBinding) -> Iterator[str]:
    pagination = binding.pagination
    if pagination is None:
        return
    properties = method.input_schema.get("properties", {})
    if pagination.limit and pagination.limit not in properties:
        yield f"limit is {pagination.limit!r}, which is not a property of inputSchema"
    if binding.response != "json":
        yield "pages are read from JSON; response must be json"
    own = {pagination.parameter, pagination.size_parameter} - {""}
    arguments = [binding.placement(name) for name in properties if name != pagination.limit]
    placed: list[tuple[str, str]] = [(item.place, item.wire_name) for item in arguments]
    placed += [(item.place, item.name) for item in binding.constants]
    for place, name in placed:
        if place == pagination.place and name in own:
            yield f"{name!r} is set by the pagination; it cannot be placed too"
