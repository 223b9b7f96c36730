"""OpenAPI 3.0 and 3.1 as an `Api`. The two differ only in their schemas, which `keywords` reads."""

from typing import Any

from wren.openapi import dialect
from wren.openapi.media import JSON
from wren.openapi.model import Api, Body, Content, Layout, Scheme, Server, Variable
from wren.openapi.node import Node


def read_openapi3(root: Node) -> Api:
    """Return the API a document describes; its operations have no ids of methods yet.

    Raises:
        NodeInvalid: the document is invalid outside its operations.
    """
    info = root.find("info") or Node({})
    components = root.find("components") or Node({})
    return Api(
        title=info.text_at("title"),
        version=info.text_at("version"),
        description=info.text_at("description"),
        docs_url=dialect.read_docs_url(root),
        server=_read_server(root) or Server(),
        schemes=dialect.read_schemes(components.members_at("securitySchemes"), _read_scheme),
        operations=tuple(dialect.read_operations(root, _read_operation)),
    )


def _read_operation(node: Node, path: Node) -> dict[str, Any]:
    parameters = dialect.merge_parameters(path, node)
    body = node.find("requestBody")
    return {
        "parameters": tuple(
            dialect.read_parameter(item, schema=_read_schema(item), layout=_read_layout(item), is_json=_is_json(item))
            for item in parameters
        ),
        "body": None if body is None else _read_body(body.resolve()),
        **dialect.read_answers(node, _read_contents),
        "server": _read_server(node) or _read_server(path),
    }


def _read_schema(parameter: Node) -> Node:
    found = parameter.find("schema")
    described = next(iter(parameter.members_at("content").values()), None)
    if found is None and described is not None:
        found = described.find("schema")
    return found or parameter.with_value({})


def _is_json(parameter: Node) -> bool:
    """Tell whether the value is one JSON text: whether its content is JSON."""
    return any(JSON.fullmatch(media_type) for media_type in parameter.members_at("content"))


def _read_layout(node: Node) -> Layout:
    explode = node.find("explode")
    return Layout(
        style=node.text_at("style") or None,
        explode=None if explode is None else explode.value is True,
        media_type=node.text_at("contentType"),
    )


def _read_body(node: Node) -> Body:
    return Body(
        contents=_read_contents(node),
        description=node.text_at("description"),
        is_required=node.is_true("required"),
    )


def _read_contents(node: Node) -> tuple[Content, ...]:
    return tuple(
        Content(
            media_type=media_type.strip(),
            schema=item.find("schema"),
            layouts={name: _read_layout(layout) for name, layout in item.members_at("encoding").items()},
        )
        for media_type, item in node.members_at("content").items()
    )


def _read_server(node: Node) -> Server | None:
    """Return the first server."""
    servers = node.items_at("servers")
    if not servers:
        return None
    variables = {name: _read_variable(item) for name, item in servers[0].members_at("variables").items()}
    return Server(url=servers[0].text_at("url"), variables=variables)


def _read_variable(node: Node) -> Variable:
    choices = tuple(str(item.value) for item in node.items_at("enum"))
    return Variable(default=node.text_at("default"), choices=choices, description=node.text_at("description"))


def _read_scheme(node: Node) -> Scheme:
    kind, description = node.text_at("type"), node.text_at("description")
    match kind, node.text_at("scheme").lower():
        case "oauth2", _:
            flows = node.find("flows")
            return dialect.read_oauth(node, flows and flows.find("authorizationCode"))
        case "apiKey", _:
            return dialect.read_api_key(node)
        case "http", "bearer":
            return Scheme(type=kind, kind="bearer", description=description)
        case "http", "basic":
            return Scheme(type=kind, kind="basic", description=description)
        case "openIdConnect", _:
            return Scheme(type=kind, kind="bearer", description=description)
    return Scheme(type=kind, kind=None, description=description)
