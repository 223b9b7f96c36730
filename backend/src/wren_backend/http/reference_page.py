"""The reference of the API as one page: rendered here, without scripts, and nothing of it comes from elsewhere."""

import base64
import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1b1b1f;"
    "background:#fff}h2{margin-top:3rem}section{border-top:1px solid #ccd;padding:.5rem 0}"
    "h3{font-size:1rem;margin:.5rem 0}code,pre{font:14px ui-monospace,monospace}code b{color:#1a4fa3}"
    "pre{background:#f3f4f8;padding:.75rem;overflow:auto;max-height:24rem}dt{font-weight:600}dd{margin:0 0 .25rem 1rem}"
    "@media(prefers-color-scheme:dark){body{background:#16171b;color:#e6e6ea}pre{background:#22242b}"
    "code b{color:#8ab4ff}a{color:#8ab4ff}section{border-color:#3a3c45}}"
)
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_METHODS = ("get", "post", "put", "patch", "delete")


def add_reference_page(app: FastAPI) -> None:
    """Serve the reference of an app at `/docs`."""

    @app.get("/docs", include_in_schema=False)
    async def reference() -> HTMLResponse:
        return HTMLResponse(render_reference(app.openapi()), headers=_HEADERS)


def render_reference(document: Mapping[str, Any]) -> str:
    """Return the page for an OpenAPI document."""
    title = escape(f"{document['info']['title']} API {document['info']['version']}")
    body = "".join(_render_tags(document))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{escape(document['info'].get('summary', ''))}. For programs: "
        '<a href="openapi.json">openapi.json</a>.</p>'
        f"{body}</body></html>"
    )


def _render_tags(document: Mapping[str, Any]) -> Iterator[str]:
    operations = [
        (method, path, item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]
    for tag in document.get("tags", ()):
        name = tag["name"]
        yield f'<h2 id="/{escape(name)}">{escape(name)}</h2><p>{escape(tag.get("description", ""))}</p>'
        for method, path, operation in operations:
            if name in operation.get("tags", ()):
                yield "".join(_render_operation(document, name, method, path, operation))


def _render_operation(
    document: Mapping[str, Any], tag: str, method: str, path: str, operation: Mapping[str, Any]
) -> Iterator[str]:
    yield f'<section id="/{escape(tag)}/{escape(operation["operationId"])}">'
    yield f"<h3><code><b>{method.upper()}</b> {escape(path)}</code></h3><p>{escape(operation.get('summary', ''))}</p>"
    yield f"<p>{escape(operation.get('description', ''))}</p><dl>"
    for parameter in operation.get("parameters", ()):
        yield f"<dt>{escape(parameter['name'])} ({escape(parameter['in'])})</dt>"
        yield f"<dd>{escape(parameter.get('description', ''))}</dd>"
    for status, answer in operation.get("responses", {}).items():
        yield f"<dt>{escape(status)}</dt><dd>{escape(answer.get('description', ''))}</dd>"
    yield "</dl>"
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        yield f"<p>Body:</p><pre>{escape(json.dumps(_find_schema(document, schema), indent=2))}</pre>"
    yield "</section>"


def _find_schema(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """Return a schema; where it refers to one of the document, that one."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return document.get("components", {}).get("schemas", {}).get(name, schema)
