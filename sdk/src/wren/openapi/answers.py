"""From the responses of an operation to what its method returns."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from wren.openapi.document import Document
from wren.openapi.media import ANSWER_FORMS, chosen_media
from wren.openapi.schemas import SchemaWriter
from wren_core import json_pointer
from wren_core.contract.request_binding import ReasonVerdict, RefusalRule, VerdictName

Form = Literal["json", "text", "bytes", "none"]
_NOTHING: dict[str, Any] = {"type": "null"}
_WHOLE: dict[Form, dict[str, Any]] = {
    "text": {"type": "string"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "none": _NOTHING,
}
# The words providers use for reasons, and what a host does about them.
_REASONS: tuple[tuple[VerdictName, re.Pattern[str]], ...] = (
    ("rate_limited", re.compile(r"rate_?limit(ed)?|too_many_requests")),
    (
        "auth_failed",
        re.compile(r"(.*_)?(auth|authed|authenticated|unauthorized)|token_.*|account_inactive|invalid_token"),
    ),
    ("unavailable", re.compile(r"(fatal|internal|server)_error|service_unavailable|request_timeout|timeout")),
    ("not_found", re.compile(r"(.*_)?not_found")),
    ("invalid_input", re.compile(r"(invalid|missing|bad|no)_.*|.*_(missing|invalid)")),
)


def read_answer(
    document: Document, operation: Mapping[str, Any], writer: SchemaWriter
) -> tuple[Form, dict[str, Any], bool]:
    """Return the form of an operation's answer, its schema, and whether all of that could be written out.

    Raises:
        ReferenceInvalid: a reference leads nowhere, or out of the document.
    """
    successes = [document.resolved(node) for node in _successes(operation.get("responses") or {})]
    chosen = [chosen_media(_contents(item), ANSWER_FORMS) for item in successes]
    forms = [item[0] for item in chosen if item is not None]
    if not successes:
        return "json", {}, True
    if not forms:
        return "none", dict(_NOTHING), True
    form: Form = min(forms, key=list(ANSWER_FORMS).index)
    if form != "json":
        return form, dict(_WHOLE[form]), True
    schemas = {
        str(index): item[2].get("schema", True) for index, item in enumerate(chosen) if item and item[0] == "json"
    }
    written, definitions, is_whole = writer.write(schemas)
    options = [*written.values(), *([_NOTHING] if None in chosen else [])]
    schema = _either(options)
    return form, {**schema, "$defs": definitions} if definitions else schema, is_whole


def part_of(schema: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the schema of what stands at a pointer in the answers that a schema describes; empty where unknown."""
    node: Any = schema
    definitions = schema.get("$defs", {})
    for part in json_pointer.split(where):
        node = definitions.get(str(node.get("$ref", "")).rpartition("/")[2], node) if isinstance(node, dict) else {}
        node = node.get("properties", {}).get(part, {}) if isinstance(node, dict) else {}
    found = dict(node) if isinstance(node, dict) else {}
    return {**found, "$defs": definitions} if definitions and "#/$defs/" in str(found) else found


def refusal_of(document: Document, operation: Mapping[str, Any], schema: Mapping[str, Any]) -> RefusalRule | None:
    """Return how the provider refuses with status 200: where a success must say `true`, `false` is a refusal."""
    definitions = schema.get("$defs", {})
    root = definitions.get(str(schema.get("$ref", "")).rpartition("/")[2], schema)
    for name, item in root.get("properties", {}).items():
        if isinstance(item, Mapping) and (item.get("enum") == [True] or item.get("const") is True):
            reasons = _reasons(document, operation)
            return RefusalRule(
                pointer=json_pointer.build([name]), equals=False, reason="/error", verdicts=_verdicts(reasons)
            )
    return None


def _reasons(document: Document, operation: Mapping[str, Any]) -> list[str]:
    """List the reasons an operation names for its refusals."""
    found: list[str] = []
    for status, node in (operation.get("responses") or {}).items():
        if status.startswith("2"):
            continue
        media = chosen_media(_contents(document.resolved(node)), ANSWER_FORMS)
        schema = document.resolved((media[2].get("schema") or {}) if media else {})
        reason = (schema.get("properties") or {}).get("error", {})
        listed = document.resolved(reason).get("enum", []) if isinstance(reason, Mapping) else []
        found += [item for item in listed if isinstance(item, str)]
    return found


def _verdicts(reasons: Iterable[str]) -> tuple[ReasonVerdict, ...]:
    by_verdict: dict[VerdictName, list[str]] = {}
    for reason in dict.fromkeys(reasons):
        verdict = next((name for name, words in _REASONS if words.fullmatch(reason)), None)
        if verdict is not None:
            by_verdict.setdefault(verdict, []).append(reason)
    return tuple(ReasonVerdict(reasons=tuple(items), verdict=name) for name, items in by_verdict.items())


def _successes(responses: Mapping[str, Any]) -> list[Any]:
    statuses = sorted(status for status in responses if re.fullmatch(r"2\d\d|2XX", status.upper()))
    if statuses:
        return [responses[status] for status in statuses]
    return [responses["default"]] if "default" in responses else []


def _contents(response: Mapping[str, Any]) -> Mapping[str, Any]:
    content = response.get("content")
    return content if isinstance(content, Mapping) else {}


def _either(options: list[Any]) -> dict[str, Any]:
    distinct = [item for index, item in enumerate(options) if item not in options[:index]]
    if any(item in (True, {}) for item in distinct):
        return {}
    if len(distinct) == 1:
        return dict(distinct[0]) if isinstance(distinct[0], dict) else {}
    return {"anyOf": distinct}
