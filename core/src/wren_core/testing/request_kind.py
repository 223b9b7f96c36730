"""What kind of request a provider got: for many APIs method and path say it, for others the request itself does.

GraphQL names its operation in the text, JSON-RPC its method, SOAP and some REST-like APIs an action in a header, the
query or a form. Two requests of one kind ask for the same thing.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl

from wren_core.testing.fake_provider import FakeRequest

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})
_ACTIONS = ("action", "method", "op", "operation", "cmd", "command", "request")
_ACTION_HEADERS = ("soapaction", "x-amz-target")
_COMMENT_OR_TEXT = re.compile(r'"""(?:.|\n)*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*')
_OPERATION_OR_BRACE = re.compile(r"\b(query|mutation|subscription)\b\s*(\w*)|[{}]")
_READING = re.compile(
    r"(get|list|find|search|read|fetch|query|count|describe|lookup|show|status)(?![a-z])", re.IGNORECASE
)
# Headers that differ from call to call and do not make a write safe to repeat.
_NO_KEY = re.compile(
    r"auth|cookie|content-|correlation|date|digest|host|nonce|sign|span|time|token|trac|user-agent|"
    r"^(x-)?(ms-)?(client-)?request-id$"
)
_KEY_IN_BODY = re.compile(
    r"idempot|client_?(mutation_?id|token|request)|dedup|request_?(id|token|uuid)|transaction_?id", re.IGNORECASE
)
_SHORTEST_KEY = 8


def operation_of(request: FakeRequest) -> str:
    """Return the operation that a request names itself, such as `mutation addItem`; empty where its path is all."""
    named = next((request.headers[name] for name in _ACTION_HEADERS if request.headers.get(name)), "")
    body = _json_body(request)
    if named or body is None:
        return named or _action_of(request)
    parts = body if isinstance(body, list) else [body]
    return " + ".join(filter(None, (_operation_in(part) for part in parts))) or _action_of(request)


def effect_of(request: FakeRequest) -> Literal["read", "write", "unknown"]:
    """Return what a request does, as far as it says so itself."""
    operation = operation_of(request)
    words = operation.split(" + ")[0].split(" ")
    if words[0] in ("query", "subscription", "mutation") and " + " not in operation:
        return "write" if words[0] == "mutation" else "read"
    if request.method in _SAFE and not operation:
        return "read"
    name = re.split(r"[.#/:]|(?<=[a-z])(?=[A-Z])", operation.rpartition(".")[2])[0]
    return "read" if _READING.match(name) and " + " not in operation else "unknown"


def is_same_kind(one: FakeRequest, other: FakeRequest) -> bool:
    """Tell whether two requests ask for the same thing."""
    return (one.method, one.path, operation_of(one)) == (other.method, other.path, operation_of(other))


def last_write(requests: Iterable[FakeRequest]) -> FakeRequest | None:
    """Return the request of a call that writes: the last one that does not say that it reads."""
    sent = list(requests)
    writes = [request for request in sent if effect_of(request) != "read"]
    return next(iter([*reversed(writes), *reversed(sent)]), None)


def key_of(request: FakeRequest, *, unlike: FakeRequest) -> tuple[tuple[str, str], ...]:
    """Return the idempotency keys of a request: values that an equal request of another call, `unlike`, does not have.

    A header is recognised by that alone, whatever its name; a member of the body by its name.
    """
    headers = {name: value for name, value in request.headers.items() if "idempot" in name or not _NO_KEY.search(name)}
    mine, theirs = _members(request), _members(unlike)
    found = [(name, value) for name, value in headers.items() if unlike.headers.get(name) != value]
    found += [(name, value) for name, value in mine.items() if _KEY_IN_BODY.search(name) and theirs.get(name) != value]
    return tuple(sorted((name, value) for name, value in found if len(value) >= _SHORTEST_KEY))


def _json_body(request: FakeRequest) -> Any:
    try:
        found = json.loads(request.body)
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def _operation_in(part: Any) -> str:
    if not isinstance(part, Mapping):
        return ""
    if isinstance(part.get("query"), str) and re.search(r"[{]", part["query"]):
        return _graphql_operation(part["query"], part.get("operationName"))
    if isinstance(part.get("operationName"), str):  # a stored text, which is known by its name
        return str(part["operationName"])
    is_call = isinstance(part.get("method"), str) and {"jsonrpc", "params", "id"} & set(part)
    return str(part["method"]) if is_call else ""


def _graphql_operation(text: str, name: Any) -> str:
    """Return type and name of the operation of a GraphQL text; without a name, its first field."""
    plain = _COMMENT_OR_TEXT.sub(" ", text)
    depth = 0
    for item in _OPERATION_OR_BRACE.finditer(plain):
        depth += {"{": 1, "}": -1}.get(item[0], 0)
        if depth == 0 and item[1] and (not name or item[2] == name):
            return f"{item[1]} {item[2] or _first_field(plain[item.end() :])}"
    return f"query {name or _first_field(plain)}"


def _first_field(text: str) -> str:
    found = re.search(r"\{\s*(?:\w+\s*:\s*)?(\w+)", text)
    return found[1] if found else ""


def _action_of(request: FakeRequest) -> str:
    """Return the action that a query or a form names."""
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    fields = parse_qsl(request.body.decode(errors="replace")) if form else []
    given = {name.lower(): value for name, value in [*request.query.items(), *fields]}
    return next((given[name] for name in _ACTIONS if given.get(name)), "")


def _members(request: FakeRequest) -> dict[str, str]:
    """Return the texts at the top of a JSON body, in its variables and in its parameters, by name."""
    body = _json_body(request)
    if not isinstance(body, dict):
        return {}
    inner = [item for key in ("variables", "params", "input") if isinstance(item := body.get(key), dict)]
    inner += [item["input"] for item in inner if isinstance(item.get("input"), dict)]
    return {name: value for part in (body, *inner) for name, value in part.items() if isinstance(value, str)}
