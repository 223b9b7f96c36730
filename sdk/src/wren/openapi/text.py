"""Parses the text of a document, JSON or YAML, into JSON values of a bounded size."""

import json
import math
from typing import Any

from wren.openapi.errors import DocumentInvalid

MAX_BYTES = 64 * 2**20
# The value of an alias counts at every use: a few lines of YAML can expand to billions of values.
MAX_NODES = 3_000_000
_MAX_DEPTH = 200


def read_document(text: str, *, max_nodes: int = MAX_NODES) -> dict[str, Any]:
    """Return the document as JSON values.

    Args:
        text: JSON or YAML.
        max_nodes: the most values, with aliases expanded.

    Raises:
        DocumentInvalid: it is neither JSON nor YAML, too large, or not an object.
    """
    document, _ = read_value(text, max_nodes=max_nodes)
    return check_object(document)


def check_object(document: Any) -> dict[str, Any]:
    """Return a main document, which is an object; raises DocumentInvalid if it is not one."""
    if not isinstance(document, dict):
        raise DocumentInvalid("the document is not an object; an OpenAPI document begins with `openapi:` or `swagger:`")
    return document


def read_value(text: str, *, max_nodes: int = MAX_NODES) -> tuple[Any, int]:
    """Return any JSON value that a text holds, and the number of its parts; raises DocumentInvalid as above."""
    if len(text) > MAX_BYTES:
        raise DocumentInvalid(f"the document has more than {MAX_BYTES // 2**20} MiB")
    return _copy_plain(_parse(text), max_nodes)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as exc:
        raise DocumentInvalid("the document is nested too deeply") from exc
    except ValueError as exc:
        if text.lstrip().startswith("{"):
            raise DocumentInvalid(f"the document is not JSON: {exc}") from exc
    from wren.openapi.yaml_text import parse_yaml  # here: JSON documents do not need the YAML library

    return parse_yaml(text)


def _copy_plain(document: Any, max_nodes: int) -> tuple[Any, int]:
    """Return the document and the number of its values; refuse one that exceeds the limit."""
    count = 0

    def copy(node: Any, depth: int) -> Any:
        nonlocal count
        count += 1
        if count > max_nodes or depth > _MAX_DEPTH:
            raise DocumentInvalid("the document is too large or too deep with its aliases expanded")
        if isinstance(node, dict):
            return {str(key): copy(item, depth + 1) for key, item in node.items()}
        if isinstance(node, list):
            return [copy(item, depth + 1) for item in node]
        if node is None or isinstance(node, str | int) or (isinstance(node, float) and math.isfinite(node)):
            return node
        raise DocumentInvalid(f"the document holds a {type(node).__name__}, which JSON does not have")

    return copy(document, 0), count
