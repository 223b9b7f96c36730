"""Parses JSON values into an `Api`: the only module that reads a document."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wren.openapi import python_names
from wren.openapi.errors import DocumentInvalid, NodeInvalid, ReferenceOutside
from wren.openapi.model import Api, Operation
from wren.openapi.node import Node, SourceDocument
from wren.openapi.openapi3 import read_openapi3
from wren.openapi.swagger2 import read_swagger2


def parse_api(source: Mapping[str, Any] | SourceDocument) -> Api:
    """Return the API that a document of OpenAPI 3 or Swagger 2.0 describes, each operation with the id of its method.

    Args:
        source: its value, or the document with its other files.

    Raises:
        DocumentInvalid: it is neither, has no paths, or is invalid outside its operations.
    """
    root = Node.of(source) if isinstance(source, Mapping) else Node(source.content, document=source)
    read = read_swagger2 if root.text_at("swagger").startswith("2") else read_openapi3
    version = root.text_at("openapi")
    if read is read_openapi3 and not re.match(r"3\.\d", version):
        found = f"openapi {version}" if version else "no `openapi` and no `swagger` at its top"
        raise DocumentInvalid(f"the document has {found}; OpenAPI 3 and Swagger 2.0 can be imported")
    try:
        if not root.members_at("paths"):
            others = "only webhooks, which call you" if root.find("webhooks") else "no paths"
            raise DocumentInvalid(f"the document has {others}, so there is nothing to call")
        api = read(root)
    except ReferenceOutside as exc:
        raise exc.refusal() from exc
    except NodeInvalid as exc:
        message = f"the document is not valid OpenAPI: {exc}"
        raise DocumentInvalid(message, details={"pointer": exc.pointer}) from exc
    return replace(api, operations=_name_operations(api.operations))


def _name_operations(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    names = python_names.UniqueNames()
    return tuple(
        operation.named(python_names.method_id(operation.operation_id, operation.verb, operation.path, names))
        for operation in operations
    )
