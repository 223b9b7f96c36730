"""From an OpenAPI document to a definition, and a report of what could not be said in one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from wren.openapi import naming
from wren.openapi.answers import part_of, read_answer, refusal_of
from wren.openapi.arguments import (
    ArgumentReader,
    Arguments,
    OperationUnsupported,
    binding_of,
    config_schema,
    input_schema,
    required_config,
)
from wren.openapi.choice import Choice
from wren.openapi.document import Document, DocumentInvalid, ReferenceInvalid
from wren.openapi.examples import example_call
from wren.openapi.keywords import tidy
from wren.openapi.operations import EFFECTS, Operation, choose_operations, list_operations
from wren.openapi.schemas import SchemaWriter
from wren.openapi.security import Connection, choose_connection, requirements_of, scopes_in
from wren.openapi.swagger2 import to_openapi3
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.request_binding import Pagination
from wren_core.contract.schema_check import check_schema
from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.contract.versions import is_semver
from wren_core.declarative.checking import binding_problems
from wren_core.declarative.integration import declared_integration
from wren_core.errors import DefinitionInvalid
from wren_core.schemas.validator import SchemaInvalid, first_line

_DESCRIPTION_LIMIT = 500
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
# A document may have anything anywhere, and as deep as it likes.
_MISWRITTEN = (AttributeError, TypeError, KeyError, ValueError, RecursionError)
_CUT = "{} of some objects is not described: the document refers on and on"


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """An operation that was not imported, and why."""

    operation: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A definition, and what a person should know about how it came to be."""

    definition: IntegrationDefinition
    operations: Mapping[str, str]
    """Method id -> the operation it was."""
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()


def import_document(source: Mapping[str, Any], choice: Choice) -> Imported:
    """Make a definition of a document of OpenAPI 3 or Swagger 2.

    Raises:
        DocumentInvalid: it is neither, or nothing of what was chosen can be imported; the message says why.
    """
    try:
        return _imported(source, choice)
    except _MISWRITTEN as exc:
        raise DocumentInvalid(f"the document is not written as OpenAPI has it ({_reason(exc)})") from exc


def _imported(source: Mapping[str, Any], choice: Choice) -> Imported:
    document = Document(_version_3(source))
    info = document.root.get("info")
    info = info if isinstance(info, Mapping) else {}
    name = choice.name or naming.integration_name(str(info.get("title") or "api"))
    operations = choose_operations(list_operations(document), choice)
    connection = choose_connection(document, name, [operation.node for operation in operations], choice)
    base_url = _base_url(document, choice)
    work = _Import(document, choice, connection, base_url, name)
    methods = [method for operation in operations if (method := work.method(operation)) is not None]
    if not methods:
        reasons = "; ".join(f"{item.operation}: {item.reason}" for item in work.skipped[:3])
        raise DocumentInvalid(f"none of {len(operations)} operations can be imported: {reasons}")
    definition = work.definition(info, methods)
    return Imported(
        definition=definition,
        operations={method["id"]: work.operations[method["id"]] for method in definition.methods},
        skipped=tuple(work.skipped),
        warnings=tuple(dict.fromkeys([*_warnings_of(base_url), *connection.warnings, *work.warnings])),
    )


@dataclass
class _Import:
    """One import under way."""

    document: Document
    choice: Choice
    connection: Connection
    base_url: str
    name: str
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    operations: dict[str, str] = field(default_factory=dict)
    arguments: list[Arguments] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inputs = SchemaWriter(self.document, "input")
        self._outputs = SchemaWriter(self.document, "output", is_partial=self.choice.allows_missing)
        self._reader = ArgumentReader(self.document, self.choice, holds_token=self.connection.holds_token)

    def method(self, operation: Operation) -> MethodSpec | None:
        """Return the method of an operation; None where it has to be skipped."""
        try:
            return self._method(operation)
        except (OperationUnsupported, ReferenceInvalid, SchemaInvalid, ValidationError) as exc:
            reason = _reason(exc)
        except _MISWRITTEN as exc:  # one wrong operation must not cost the others
            reason = f"it is not written as OpenAPI has it ({_reason(exc)})"
        self.skipped.append(Skipped(operation=operation.shown, reason=reason))
        return None

    def definition(self, info: Mapping[str, Any], methods: list[MethodSpec]) -> IntegrationDefinition:
        """Return the definition of everything that was imported.

        Raises:
            DocumentInvalid: it would be none.
        """
        try:
            definition = IntegrationDefinition.from_spec(self._spec(info, methods))
            declared_integration(definition)
        except (DefinitionInvalid, ValueError) as exc:
            sound = [method for method in methods if self._is_sound(method)]
            if sound and len(sound) < len(methods):
                return self.definition(info, sound)
            raise DocumentInvalid(f"what the document says makes no definition: {first_line(exc)}") from exc
        return definition

    def _is_sound(self, method: MethodSpec) -> bool:
        """Tell whether a method's schemas can be used; where they cannot, its operation is skipped."""
        try:
            check_schema(method.input_schema)
            check_schema(method.output_schema)
        except SchemaInvalid as exc:
            self.skipped.append(Skipped(operation=self.operations[method.id], reason=str(exc)))
            return False
        return True

    def _spec(self, info: Mapping[str, Any], methods: list[MethodSpec]) -> IntegrationSpec:
        fields = {key: item for found in self.arguments for key, item in found.config.items()}
        version = str(info.get("version") or "")
        return IntegrationSpec(
            name=self.name,
            display_name=str(info.get("title") or self.name)[:255],
            description=_first_paragraph(str(info.get("description") or info.get("title") or self.name)),
            version=version if is_semver(version) else "",
            auth=self.connection.auth,
            credentials=self.connection.credentials,
            base_url=self.base_url,
            hosts=(_host(self.base_url),),
            methods=tuple(methods),
            config_schema=config_schema(fields, self._inputs, required_config(self.arguments)),
            docs_url=_docs_url(self.document),
        )

    def _method(self, operation: Operation) -> MethodSpec:
        node = operation.node
        self._check_reachable(operation)
        pagination = _pagination(node)
        paged = {pagination.parameter, pagination.size_parameter} if pagination else set()
        found = self._reader.read(operation.verb, operation.path, node, list(operation.shared), paged=paged)
        given, is_input_whole = input_schema(found, self._inputs)
        form, answer, is_answer_whole = read_answer(self.document, node, self._outputs)
        if operation.verb == "HEAD":
            form, answer = "none", {"type": "null"}
        output = str(node.get("x-wren-output") or "")
        refusal = refusal_of(self.document, node, answer) if form == "json" else None
        found.constants += self.connection.constants
        binding = binding_of(
            operation.verb,
            operation.path,
            found,
            response=form,
            output=output,
            pagination=pagination,
            refusal=refusal,
        )
        if operation.effect not in EFFECTS:
            raise OperationUnsupported(f"x-wren-effect must be one of {', '.join(sorted(EFFECTS))}")
        method = MethodSpec(
            id=operation.method_id,
            name=operation.title,
            description=operation.docstring,
            input_schema=given,
            output_schema=part_of(answer, output) if output else answer,
            effect=operation.effect,
            idempotent=operation.is_idempotent,
            requires_approval=operation.effect == "destructive",
            scopes=self._scopes(node),
            example=example_call(self.name, operation.method_id, given),
            request=binding,
        )
        for problem in binding_problems(method, binding):
            raise OperationUnsupported(problem)
        self._note(operation, found, is_input_whole=is_input_whole, is_answer_whole=is_answer_whole)
        return method

    def _check_reachable(self, operation: Operation) -> None:
        servers = operation.node.get("servers")
        if isinstance(servers, list) and servers and self.choice.server is None:
            url = _filled(servers[0])
            if url.rstrip("/") != self.base_url.rstrip("/"):
                raise OperationUnsupported(f"it is on another server ({url}); import it on its own with --server")
        asked = [frozenset(item) for item in requirements_of(self.document, operation.node)]
        if not self.connection.opens(asked):
            schemes = " or ".join(" and ".join(sorted(item)) for item in asked)
            raise OperationUnsupported(f"it asks for {schemes}, and the integration is connected otherwise")

    def _scopes(self, node: Mapping[str, Any]) -> tuple[str, ...]:
        options = requirements_of(self.document, node)
        chosen = next((item for item in options if frozenset(item) == self.connection.requirement), {})
        return tuple(scopes_in(chosen))

    def _note(self, operation: Operation, found: Arguments, *, is_input_whole: bool, is_answer_whole: bool) -> None:
        self.operations[operation.method_id] = operation.shown
        self.arguments.append(found)
        said = [*found.warnings]
        said += [] if is_input_whole else [_CUT.format("the inside")]
        said += [] if is_answer_whole else [_CUT.format("what is inside the answer")]
        self.warnings += [f"{operation.method_id}: {text}" for text in said]


def _reason(exc: Exception) -> str:
    if isinstance(exc, ValidationError):
        return exc.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
    if isinstance(exc, OperationUnsupported | ReferenceInvalid | SchemaInvalid):
        return str(exc)
    return f"{type(exc).__name__}: {exc}"


def _version_3(source: Mapping[str, Any]) -> Mapping[str, Any]:
    if str(source.get("swagger", "")).startswith("2"):
        return to_openapi3(source)
    version = str(source.get("openapi", ""))
    if re.match(r"3\.\d", version):
        return source
    said = f"openapi {version}" if version else "no `openapi` and no `swagger` at its top"
    raise DocumentInvalid(f"the document has {said}; OpenAPI 3 and Swagger 2.0 can be imported")


def _base_url(document: Document, choice: Choice) -> str:
    servers = document.root.get("servers")
    url = choice.server or (_filled(servers[0]) if isinstance(servers, list) and servers else "")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or {"{", "}"} & set(url):
        said = f"its server is {url!r}" if url else "it names no server"
        raise DocumentInvalid(f"{said}; say where the API is with --server https://...")
    return url.rstrip("/")


def _warnings_of(base_url: str) -> list[str]:
    parts = urlsplit(base_url)
    if parts.scheme == "https" or parts.hostname in _THIS_MACHINE:
        return []
    return ["its server is without TLS, so credentials travel readable; --server https://... where it has it"]


def _filled(server: Any) -> str:
    """Return a server's URL, its variables replaced by their defaults."""
    if not isinstance(server, Mapping):
        return ""
    variables = server.get("variables") or {}
    return re.sub(
        r"\{([^{}]+)\}",
        lambda match: str((variables.get(match[1]) or {}).get("default", match[0])),
        str(server.get("url") or ""),
    )


def _host(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = str(parts.hostname)
    return host if port == 443 else f"{host}:{port}"


def _docs_url(document: Document) -> str | None:
    node = document.root.get("externalDocs")
    url = node.get("url") if isinstance(node, Mapping) else None
    return url if isinstance(url, str) and re.fullmatch(r"https?://\S+", url) else None


def _first_paragraph(text: str) -> str:
    first = tidy(text.strip().partition("\n\n")[0])
    return first if len(first) <= _DESCRIPTION_LIMIT else first[: _DESCRIPTION_LIMIT - 3] + "..."


def _pagination(node: Mapping[str, Any]) -> Pagination | None:
    """Return how an operation's list is read, where the author of the document says so in a definition's words."""
    value = node.get("x-wren-pagination")
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise OperationUnsupported("x-wren-pagination must be an object")
    return Pagination.model_validate({naming.snake_case(str(key)): item for key, item in value.items()})
