"""What OpenAPI 3 and Swagger 2.0 have in common: paths, operations, security requirements, API keys."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wren.openapi.errors import NodeInvalid
from wren.openapi.model import Layout, Operation, Parameter, Requirement, Scheme
from wren.openapi.node import Node
from wren_core.contract.request_binding import HeaderName

_VERBS = {"get": "GET", "head": "HEAD", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}
_WEB = re.compile(r"https?://\S+")

OperationReader = Callable[[Node, list[Node]], dict[str, Any]]
"""Takes an operation and its path's parameters; returns the fields of `Operation` that differ between dialects."""


def read_operations(root: Node, read: OperationReader) -> Iterator[Operation]:
    """Yield all operations in the order of the document; an invalid one holds its error.

    Raises:
        NodeInvalid: the paths are not an object.
    """
    security = read_requirements(root)
    for path, node in root.members_at("paths").items():
        if path.startswith("/"):
            yield from _read_path(path, node, read, security)


def _read_path(path: str, node: Node, read: OperationReader, security: tuple[Requirement, ...]) -> Iterator[Operation]:
    try:
        item = node.resolve()
    except NodeInvalid:
        return  # the operations of a path item in another document are unknown
    for key, verb in _VERBS.items():
        found = item.find(key)
        if found is not None:
            yield _read_operation(verb, path, found, item, read, security)


def _read_operation(
    verb: str, path: str, node: Node, item: Node, read: OperationReader, security: tuple[Requirement, ...]
) -> Operation:
    try:
        return Operation(
            verb=verb,
            path=path,
            operation_id=node.text_at("operationId"),
            tags=tuple(str(tag.value) for tag in node.items_at("tags")),
            summary=node.text_at("summary"),
            description=node.text_at("description"),
            is_deprecated=node.is_true("deprecated"),
            security=security if node.find("security") is None else read_requirements(node),
            declared_effect=node.text_at("x-wren-effect"),
            output=node.text_at("x-wren-output"),
            pagination=node.find("x-wren-pagination"),
            **read(node, item.items_at("parameters")),
        )
    except NodeInvalid as exc:
        operation_id = node.text_at("operationId") if isinstance(node.value, Mapping) else ""
        return Operation(verb=verb, path=path, operation_id=operation_id, mistake=exc)


def read_requirements(node: Node) -> tuple[Requirement, ...]:
    """Return the security requirements of an operation or of the document; raises NodeInvalid as `Node.items` does."""
    return tuple(
        {name: tuple(str(scope.value) for scope in _items(scopes)) for name, scopes in requirement.members().items()}
        for requirement in node.items_at("security")
    )


def _items(node: Node) -> list[Node]:
    return [] if node.value is None else node.items()


def merge_parameters(shared: list[Node], own: list[Node]) -> list[Node]:
    """Return the parameters of an operation: they replace those of its path with the same place and name."""
    resolved = [node.resolve() for node in (*shared, *own)]
    return list({(node.text_at("in"), node.text_at("name")): node for node in resolved}.values())


def read_parameter(node: Node, *, schema: Node, layout: Layout, is_json: bool = False) -> Parameter:
    """Return a parameter, its schema and layout read by the dialect."""
    place, name = node.text_at("in"), node.text_at("name")
    if not name:
        raise node.invalid("a parameter needs a name")
    return Parameter(
        name=name,
        place=place,
        schema=schema,
        description=node.text_at("description"),
        is_required=node.is_true("required") or place == "path",
        layout=layout,
        is_json=is_json,
    )


def read_schemes(nodes: Mapping[str, Node], read: Callable[[Node], Scheme]) -> dict[str, Scheme]:
    """Return the security schemes by name; one whose reference has no target is left out.

    Raises:
        NodeInvalid: a scheme is invalid.
    """
    found: dict[str, Scheme] = {}
    for name, node in nodes.items():
        try:
            resolved = node.resolve()
        except NodeInvalid:
            continue  # the report names the scheme for each operation that requires it
        found[name] = read(resolved)
    return found


def read_api_key(node: Node) -> Scheme:
    """Return the scheme of an API key; one in a cookie cannot be used."""
    place, name = node.text_at("in"), node.text_at("name")
    if place == "header" and name and not HeaderName.fullmatch(name):
        raise node.invalid(f"{name!r} cannot be the name of a header")
    about: dict[str, Any] = {"type": "apiKey", "name": name, "description": node.text_at("description")}
    if place == "header" and name:
        return Scheme(kind="apikey", place="header", **about)
    if place == "query" and name.strip() and name.isprintable():
        return Scheme(kind="apikey", place="query", **about)
    return Scheme(kind=None, **about)


def read_oauth(node: Node, flow: Node | None) -> Scheme:
    """Return the scheme of OAuth 2.0; without an authorization code flow it takes a token."""
    authorization_url = flow.text_at("authorizationUrl") if flow is not None else ""
    token_url = flow.text_at("tokenUrl") if flow is not None else ""
    is_whole = _WEB.fullmatch(authorization_url) is not None and _WEB.fullmatch(token_url) is not None
    return Scheme(
        type="oauth2",
        kind="oauth2" if is_whole else "bearer",
        description=node.text_at("description"),
        authorization_url=authorization_url,
        token_url=token_url,
    )


def read_docs_url(root: Node) -> str | None:
    """Return the address of the documentation."""
    node = root.find("externalDocs")
    url = node.text_at("url") if node is not None else ""
    return url if _WEB.fullmatch(url) else None
