"""From Swagger 2.0 to the shape of OpenAPI 3.0. Pure.

What is only named otherwise is renamed; what has no counterpart is left as it is, and whoever reads the result says
that it cannot be used.
"""

from collections.abc import Mapping
from typing import Any

_VERBS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_MOVED = {
    "#/definitions/": "#/components/schemas/",
    "#/parameters/": "#/components/parameters/",
    "#/responses/": "#/components/responses/",
}
_ABOUT = frozenset({"name", "in", "description", "required", "collectionFormat", "allowEmptyValue"})
_COLLECTIONS: dict[str, dict[str, Any]] = {
    "csv": {"style": "form", "explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "multi": {"style": "form", "explode": True},
}
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}


def to_openapi3(swagger: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as OpenAPI 3.0 says it."""
    shared = swagger.get("parameters") or {}
    converter = _Converter(swagger, shared)
    document: dict[str, Any] = {
        "openapi": "3.0.3",
        "info": swagger.get("info") or {},
        "servers": _servers(swagger),
        "paths": {path: converter.path(item) for path, item in (swagger.get("paths") or {}).items()},
        "components": {
            "schemas": swagger.get("definitions") or {},
            "responses": {
                name: converter.response(item, {}) for name, item in (swagger.get("responses") or {}).items()
            },
            "parameters": {name: converter.parameter(item) for name, item in shared.items()},
            "securitySchemes": {
                name: _scheme(item) for name, item in (swagger.get("securityDefinitions") or {}).items()
            },
        },
    }
    document |= {key: swagger[key] for key in ("tags", "security", "externalDocs") if key in swagger}
    moved: dict[str, Any] = _moved(document)
    return moved


class _Converter:
    """Converts operations, which may lean on the whole document for parameters and media types."""

    def __init__(self, swagger: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
        self._swagger, self._shared = swagger, shared

    def path(self, item: Any) -> Any:
        if not isinstance(item, Mapping):
            return item
        common = [self._opened(node) for node in item.get("parameters") or ()]
        in_body = [node for node in common if _is_body(node)]
        converted = {key: node for key, node in item.items() if key not in {*_VERBS, "parameters"}}
        converted["parameters"] = [self.parameter(node) for node in common if not _is_body(node)]
        converted |= {key: self._operation(item[key], in_body) for key in _VERBS & set(item)}
        return converted

    def parameter(self, node: Any) -> Any:
        if not isinstance(node, Mapping) or "$ref" in node or _is_body(node):
            return node
        schema = {key: value for key, value in node.items() if key not in _ABOUT and not key.startswith("x-")}
        about = {key: node[key] for key in ("name", "in", "description", "required") if key in node}
        style = _COLLECTIONS.get(str(node.get("collectionFormat") or "csv"), {}) if node.get("type") == "array" else {}
        return {**about, **(style if node.get("in") == "query" else {}), "schema": schema}

    def response(self, node: Any, operation: Mapping[str, Any]) -> Any:
        if not isinstance(node, Mapping) or "$ref" in node:
            return node
        if not isinstance(node.get("schema"), Mapping):
            return {"description": node.get("description", "")}
        produced = operation.get("produces") or self._swagger.get("produces") or ["application/json"]
        content = {str(media): {"schema": node["schema"]} for media in produced}
        return {"description": node.get("description", ""), "content": content}

    def _operation(self, node: Any, in_body: list[Any]) -> Any:
        if not isinstance(node, Mapping):
            return node
        given = [self._opened(item) for item in node.get("parameters") or ()]
        own = [item for item in given if _is_body(item)]
        left_out = {"parameters", "consumes", "produces", "responses", "schemes"}
        converted = {key: value for key, value in node.items() if key not in left_out}
        converted["parameters"] = [self.parameter(item) for item in given if not _is_body(item)]
        body = self._body(own or in_body, node)
        responses = node.get("responses") or {}
        converted["responses"] = {str(key): self.response(item, node) for key, item in responses.items()}
        return {**converted, "requestBody": body} if body else converted

    def _body(self, parameters: list[Any], operation: Mapping[str, Any]) -> dict[str, Any] | None:
        consumed = [str(item) for item in operation.get("consumes") or self._swagger.get("consumes") or ()]
        whole = next((item for item in parameters if item.get("in") == "body"), None)
        if whole is not None:
            content = {media: {"schema": whole.get("schema") or {}} for media in consumed or ["application/json"]}
            about = {key: whole[key] for key in ("description", "required") if key in whole}
            return {**about, "content": content}
        if not parameters:
            return None
        converted = {str(item.get("name")): self.parameter({**item, "in": "query"}) for item in parameters}
        schema = {
            "type": "object",
            "properties": {name: _member(item) for name, item in converted.items()},
            "required": [name for name, item in converted.items() if item.get("required") is True],
        }
        encoding = {
            name: {key: item[key] for key in ("style", "explode")}
            for name, item in converted.items()
            if "style" in item
        }
        media = next((item for item in consumed if "form" in item), "application/x-www-form-urlencoded")
        has_file = any(item.get("type") == "file" for item in parameters)
        media = "multipart/form-data" if has_file else media
        return {"required": bool(schema["required"]), "content": {media: {"schema": schema, "encoding": encoding}}}

    def _opened(self, node: Any) -> Any:
        reference = node.get("$ref") if isinstance(node, Mapping) else None
        if isinstance(reference, str) and reference.startswith("#/parameters/"):
            return self._shared.get(reference.removeprefix("#/parameters/"), node)
        return node


def _is_body(node: Any) -> bool:
    return isinstance(node, Mapping) and node.get("in") in ("body", "formData")


def _member(parameter: Mapping[str, Any]) -> dict[str, Any]:
    about = {"description": parameter["description"]} if "description" in parameter else {}
    return {**parameter["schema"], **about}


def _servers(swagger: Mapping[str, Any]) -> list[dict[str, Any]]:
    base = str(swagger.get("basePath") or "")
    host = swagger.get("host")
    if not host:
        return [{"url": base}] if base else []
    schemes = [str(item) for item in swagger.get("schemes") or ("https",)]
    usable = [item for item in ("https", "http") if item in schemes]
    return [{"url": f"{scheme}://{host}{base}"} for scheme in usable]


def _scheme(node: Any) -> Any:
    if not isinstance(node, Mapping):
        return node
    if node.get("type") == "basic":
        return {**node, "type": "http", "scheme": "basic"}
    if node.get("type") != "oauth2":
        return node
    flow = {key: node[key] for key in ("authorizationUrl", "tokenUrl", "scopes") if key in node}
    about = {"description": node["description"]} if "description" in node else {}
    name = str(node.get("flow"))
    return {"type": "oauth2", **about, "flows": {_FLOWS.get(name, name): flow}}


def _moved(node: Any) -> Any:
    """Return a node with its references to where things are now, and with `x-nullable` as OpenAPI 3.0 says it."""
    if isinstance(node, Mapping):
        found = {key: _moved(item) for key, item in node.items()}
        reference = node.get("$ref")
        if isinstance(reference, str):
            found["$ref"] = next(
                (new + reference.removeprefix(old) for old, new in _MOVED.items() if reference.startswith(old)),
                reference,
            )
        return {**found, "nullable": True} if node.get("x-nullable") is True else found
    return [_moved(item) for item in node] if isinstance(node, list) else node
