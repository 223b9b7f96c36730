"""What OpenAPI 3 and Swagger 2.0 have in common: paths, operations, security requirements, API keys."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wren.openapi.errors import NodeInvalid, ReferenceOutside
from wren.openapi.model import Content, Layout, Operation, Parameter, Requirement, Scheme
from wren.openapi.node import Node
from wren_core.contract.request_binding import HeaderName

_VERBS = {"get": "GET", "head": "HEAD", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}
_WEB = re.compile(r"https?://\S+")

OperationReader = Callable[[Node, Node], dict[str, Any]]
"""Takes an operation and its path; returns the fields of `Operation` that differ between dialects."""


def read_operations(root: Node, read: OperationReader) -> Iterator[Operation]:
    """Yield all operations in the order of the document; an invalid one holds its error.

    Raises:
        NodeInvalid: the paths are not an object.
    """
    security = read_requirements(root)
    for path, node in root.members_at("paths").items():
        if node.value is not None and not path.startswith("x-"):
            yield from _read_path(path, node, read, security)


def _read_path(path: str, node: Node, read: OperationReader, security: tuple[Requirement, ...]) -> Iterator[Operation]:
    try:
        if not path.startswith("/"):
            raise node.invalid("a path must begin with /")
        node.resolve()
        found = {verb: item for key, verb in _VERBS.items() if (item := node.find(key)) is not None}
    except ReferenceOutside:
        raise
    except NodeInvalid as exc:  # its operations are unknown
        yield Operation(verb="ANY", path=path, mistake=exc)
        return
    for verb, item in found.items():
        yield _read_operation(verb, path, item, node, read, security)


def _read_operation(
    verb: str, path: str, node: Node, item: Node, read: OperationReader, security: tuple[Requirement, ...]
) -> Operation:
    try:
        node = node.resolve()
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
            **read(node, item),
        )
    except ReferenceOutside:
        raise
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


def merge_parameters(path: Node, operation: Node) -> list[Node]:
    """Return the parameters of an operation: they replace those of its path with the same place and name."""
    resolved = [node.resolve() for node in (*path.items_at("parameters"), *operation.items_at("parameters"))]
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


def read_answers(node: Node, read: Callable[[Node], tuple[Content, ...]]) -> dict[str, Any]:
    """Return the answers of an operation by status; one whose reference has no target is kept without content.

    Raises:
        ReferenceOutside: one is in another document, which cannot be read.
    """
    answers: dict[str, tuple[Content, ...]] = {}
    notes: list[str] = []
    for status, item in node.members_at("responses").items():
        if status.startswith("x-"):
            continue
        try:
            answers[status] = read(item.resolve())
        except ReferenceOutside:
            raise
        except NodeInvalid as exc:
            answers[status] = (Content(media_type="application/json"),)
            notes.append(f"the answer {status} is not described: {exc}")
    return {"answers": answers, "notes": tuple(notes)}


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
    return Scheme(
        type="oauth2",
        kind="oauth2" if authorization_url and token_url else "bearer",
        description=node.text_at("description"),
        authorization_url=authorization_url,
        token_url=token_url,
    )


def read_docs_url(root: Node) -> str | None:
    """Return the address of the documentation."""
    node = root.find("externalDocs")
    url = node.text_at("url") if node is not None else ""
    return url if _WEB.fullmatch(url) else None
