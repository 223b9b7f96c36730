"""Reads what a method returns from the responses of its operation."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal

from wren.openapi.errors import NodeInvalid
from wren.openapi.keywords import distinct
from wren.openapi.media import ANSWER_FORMS, accepted_types, choose_media
from wren.openapi.model import Content, Operation
from wren.openapi.node import Node
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
# Reasons as providers write them, and the verdict for each.
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


def read_answer(operation: Operation, writer: SchemaWriter) -> tuple[Form, dict[str, Any], bool]:
    """Return the form of an operation's answer, its schema, and whether all of it could be written out.

    Raises:
        ReferenceOutside: a schema is in another file, which cannot be read.
        NodeInvalid: a schema is too large.
    """
    successes = _list_successes(operation.answers)
    chosen = [choose_media(contents, ANSWER_FORMS) for contents in successes]
    forms = [item[0] for item in chosen if item is not None]
    if not successes:
        return "json", {}, True
    if not forms:
        return "none", dict(_NOTHING), True
    form: Form = min(forms, key=list(ANSWER_FORMS).index)
    if form != "json":
        return form, dict(_WHOLE[form]), True
    contents = [item[1] for item in chosen if item and item[0] == "json"]
    schemas = {str(index): content.schema or Node(True) for index, content in enumerate(contents)}
    written, definitions, is_whole = writer.write(schemas)
    schema = _join_options([*written.values(), *([_NOTHING] if None in chosen else [])])
    return form, {**schema, "$defs": definitions} if definitions else schema, is_whole


def accepted(operation: Operation, form: Form) -> str:
    """Return the media types to ask for; empty where those of the form are right."""
    chosen = [choose_media(contents, ANSWER_FORMS) for contents in _list_successes(operation.answers)]
    return accepted_types(item[1] for item in chosen if item is not None and item[0] == form)


def select_part(schema: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the part of an answer's schema that describes the value at a pointer; empty if unknown."""
    node: Any = schema
    definitions = schema.get("$defs", {})
    for part in json_pointer.split(where):
        node = definitions.get(str(node.get("$ref", "")).rpartition("/")[2], node) if isinstance(node, dict) else {}
        node = node.get("properties", {}).get(part, {}) if isinstance(node, dict) else {}
    found = dict(node) if isinstance(node, dict) else {}
    return {**found, "$defs": definitions} if definitions and "#/$defs/" in str(found) else found


def find_refusal(operation: Operation, schema: Mapping[str, Any]) -> RefusalRule | None:
    """Return how the provider refuses with status 200: if a success must contain `true`, `false` is a refusal."""
    definitions = schema.get("$defs", {})
    root = definitions.get(str(schema.get("$ref", "")).rpartition("/")[2], schema)
    for name, item in root.get("properties", {}).items():
        if isinstance(item, Mapping) and (item.get("enum") == [True] or item.get("const") is True):
            verdicts = _verdicts(_list_reasons(operation))
            return RefusalRule(pointer=json_pointer.build([name]), equals=False, reason="/error", verdicts=verdicts)
    return None


def _list_reasons(operation: Operation) -> list[str]:
    """List the reasons that an operation declares for its refusals."""
    found: list[str] = []
    for status, contents in operation.answers.items():
        media = None if status.startswith("2") else choose_media(contents, ANSWER_FORMS)
        if media is None or media[1].schema is None:
            continue
        with suppress(NodeInvalid):  # an error that is not described has no reasons
            reason = media[1].schema.resolve().members_at("properties").get("error")
            if reason is not None:
                found += [item.value for item in reason.resolve().items_at("enum") if isinstance(item.value, str)]
    return found


def _verdicts(reasons: Iterable[str]) -> tuple[ReasonVerdict, ...]:
    by_verdict: dict[VerdictName, list[str]] = {}
    for reason in dict.fromkeys(reasons):
        verdict = next((name for name, words in _REASONS if words.fullmatch(reason)), None)
        if verdict is not None:
            by_verdict.setdefault(verdict, []).append(reason)
    return tuple(ReasonVerdict(reasons=tuple(items), verdict=name) for name, items in by_verdict.items())


def _list_successes(answers: Mapping[str, tuple[Content, ...]]) -> list[tuple[Content, ...]]:
    statuses = sorted(status for status in answers if re.fullmatch(r"2\d\d|2XX", status.upper()))
    if statuses:
        return [answers[status] for status in statuses]
    return [answers["default"]] if "default" in answers else []


def _join_options(options: list[Any]) -> dict[str, Any]:
    found = distinct(options)
    if any(item in (True, {}) for item in found):
        return {}
    if len(found) == 1:
        return dict(found[0]) if isinstance(found[0], dict) else {}
    return {"anyOf": found}
