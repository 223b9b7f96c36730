"""An OpenAPI document as it was read: JSON or YAML, bounded, with a way to follow its references."""

import json
import math
from collections.abc import Mapping
from typing import Any

from wren_core import json_pointer
from wren_core.errors import AgentFixableError

MAX_BYTES = 64 * 2**20
# What its aliases stand for counts as often as they are used: a few lines of YAML can mean billions of values.
MAX_NODES = 3_000_000
_MAX_DEPTH = 200
_MAX_HOPS = 50


class DocumentInvalid(AgentFixableError):
    """The document cannot be read as OpenAPI; the message says why."""

    code = "OPENAPI_INVALID"


class ReferenceInvalid(ValueError):
    """A `$ref` leads nowhere, out of the document, or in a circle."""


def read_document(text: str, *, max_nodes: int = MAX_NODES) -> dict[str, Any]:
    """Return the document as JSON values.

    Args:
        text: JSON or YAML.
        max_nodes: values it may hold, those its aliases stand for included.

    Raises:
        DocumentInvalid: it is neither JSON nor YAML, too large, or no object.
    """
    if len(text) > MAX_BYTES:
        raise DocumentInvalid(f"the document has more than {MAX_BYTES // 2**20} MiB")
    document = _parsed(text)
    if not isinstance(document, dict):
        raise DocumentInvalid("the document is no object; an OpenAPI document begins with `openapi:` or `swagger:`")
    return _plain(document, max_nodes)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as exc:
        raise DocumentInvalid("the document is nested too deeply") from exc
    except ValueError as exc:
        if text.lstrip().startswith("{"):
            raise DocumentInvalid(f"the document is no JSON: {exc}") from exc
    from wren.openapi.yaml_text import parse_yaml  # here: JSON documents do without the YAML library

    return parse_yaml(text)


def _plain(document: dict[str, Any], max_nodes: int) -> dict[str, Any]:
    """Return the document with text as keys (`200:` is a number in YAML), and refuse one that grows without end."""
    count = 0

    def copied(node: Any, depth: int) -> Any:
        nonlocal count
        count += 1
        if count > max_nodes or depth > _MAX_DEPTH:
            raise DocumentInvalid("the document is too large or too deep once its aliases are written out")
        if isinstance(node, dict):
            return {str(key): copied(item, depth + 1) for key, item in node.items()}
        if isinstance(node, list):
            return [copied(item, depth + 1) for item in node]
        if node is None or isinstance(node, str | int) or (isinstance(node, float) and math.isfinite(node)):
            return node
        raise DocumentInvalid(f"the document holds a {type(node).__name__}, which is nothing that JSON can say")

    found: dict[str, Any] = copied(document, 0)
    return found


class Document:
    """A document of OpenAPI 3, and what its references mean."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root

    def resolved(self, node: Any) -> dict[str, Any]:
        """Return an object, or the one its `$ref` leads to.

        Raises:
            ReferenceInvalid: it leads nowhere, out of the document, or in a circle.
        """
        for _ in range(_MAX_HOPS):
            if not isinstance(node, dict):
                raise ReferenceInvalid(f"an object is expected, not {type(node).__name__}")
            if not isinstance(node.get("$ref"), str):
                return node
            node = self.target(node["$ref"])
        raise ReferenceInvalid("its $refs lead in a circle")

    def target(self, reference: str) -> Any:
        """Return what stands at a reference; raises as `resolved` does."""
        if not reference.startswith("#"):
            raise ReferenceInvalid(f"$ref {reference!r} leads out of the document, and is never fetched")
        found = json_pointer.find_reference(self.root, reference)
        if found is json_pointer.MISSING:
            raise ReferenceInvalid(f"$ref {reference!r} leads nowhere")
        return found
