"""Swagger 2.0 as an `Api`."""

from typing import Any

from wren.openapi import dialect
from wren.openapi.model import Api, Body, Content, Layout, Scheme, Server
from wren.openapi.node import Node

# A parameter outside the body is its own schema, except for these keywords.
_ABOUT = frozenset({"name", "in", "description", "required", "collectionFormat", "allowEmptyValue"})
_COLLECTIONS = {
    "csv": Layout(style="form", explode=False),
    "ssv": Layout(style="spaceDelimited", explode=False),
    "pipes": Layout(style="pipeDelimited", explode=False),
    "multi": Layout(style="form", explode=True),
}
_FORM = "application/x-www-form-urlencoded"


def read_swagger2(root: Node) -> Api:
    """Return the API a document describes; its operations have no ids of methods yet.

    Raises:
        NodeInvalid: the document is invalid outside its operations.
    """
    info = root.find("info") or Node({})
    produces, consumes = _read_texts(root, "produces"), _read_texts(root, "consumes")
    root.members_at("parameters")  # checked once, not in every operation

    def read_operation(node: Node, path: Node) -> dict[str, Any]:
        parameters = dialect.merge_parameters(path, node)
        consumed = _read_texts(node, "consumes") or consumes
        produced = _read_texts(node, "produces") or produces or ["application/json"]
        return {
            "parameters": tuple(
                dialect.read_parameter(item, schema=_read_schema(item), layout=_read_layout(item))
                for item in parameters
                if not _is_body(item)
            ),
            "body": _read_body([item for item in parameters if _is_body(item)], consumed),
            **dialect.read_answers(node, lambda answer: _read_contents(answer, produced)),
        }

    return Api(
        title=info.text_at("title"),
        version=info.text_at("version"),
        description=info.text_at("description"),
        docs_url=dialect.read_docs_url(root),
        server=_read_server(root),
        schemes=dialect.read_schemes(root.members_at("securityDefinitions"), _read_scheme),
        operations=tuple(dialect.read_operations(root, read_operation)),
    )


def _read_texts(node: Node, key: str) -> list[str]:
    return [str(item.value) for item in node.items_at(key)]


def _is_body(parameter: Node) -> bool:
    return parameter.text_at("in") in ("body", "formData")


def _read_schema(parameter: Node) -> Node:
    kept = {key: value for key, value in parameter.value.items() if key not in _ABOUT and not key.startswith("x-")}
    return parameter.with_value(kept)


def _read_layout(parameter: Node) -> Layout:
    if parameter.text_at("type") != "array" or parameter.text_at("in") not in ("query", "formData"):
        return Layout()
    return _COLLECTIONS.get(parameter.text_at("collectionFormat") or "csv", Layout())


def _read_contents(response: Node, produced: list[str]) -> tuple[Content, ...]:
    schema = response.find("schema")
    return () if schema is None else tuple(Content(media_type=item.strip(), schema=schema) for item in produced)


def _read_body(parameters: list[Node], consumed: list[str]) -> Body | None:
    whole = next((item for item in parameters if item.text_at("in") == "body"), None)
    if whole is not None:
        schema = whole.find("schema")
        return Body(
            contents=tuple(
                Content(media_type=item.strip(), schema=schema) for item in consumed or ["application/json"]
            ),
            description=whole.text_at("description"),
            is_required=whole.is_true("required"),
        )
    return _read_form(parameters, consumed) if parameters else None


def _read_form(parameters: list[Node], consumed: list[str]) -> Body:
    """Return the body of a form, whose members are parameters, as one object."""
    by_name = {item.text_at("name"): item for item in parameters}
    required = [name for name, item in by_name.items() if item.is_true("required")]
    schema = {
        "type": "object",
        "properties": {name: _read_member(item) for name, item in by_name.items()},
        "required": required,
    }
    layouts = {name: _read_layout(item) for name, item in by_name.items()}
    has_file = any(item.text_at("type") == "file" for item in parameters)
    media_type = "multipart/form-data" if has_file else next((item for item in consumed if "form" in item), _FORM)
    content = Content(
        media_type=media_type,
        schema=parameters[0].with_value(schema),
        layouts={name: layout for name, layout in layouts.items() if layout.style is not None},
    )
    return Body(contents=(content,), is_required=bool(required))


def _read_member(parameter: Node) -> dict[str, Any]:
    about = {key: parameter.value[key] for key in ("description",) if key in parameter.value}
    return {**_read_schema(parameter).value, **about}


def _read_server(root: Node) -> Server:
    base, host = root.text_at("basePath"), root.text_at("host")
    if not host:
        return Server(url=base)
    schemes = _read_texts(root, "schemes") or ["https"]
    scheme = next((item for item in ("https", "http") if item in schemes), None)
    return Server(url=f"{scheme}://{host}{base}" if scheme else "")


def _read_scheme(node: Node) -> Scheme:
    match node.text_at("type"):
        case "oauth2":
            return dialect.read_oauth(node, node if node.text_at("flow") == "accessCode" else None)
        case "apiKey":
            return dialect.read_api_key(node)
        case "basic":
            return Scheme(type="http", kind="basic", description=node.text_at("description"))
        case other:
            return Scheme(type=other, kind=None)
