"""Makes a definition from an OpenAPI document, and reports the operations that a definition cannot express."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from pydantic import ValidationError

from wren.openapi import python_names
from wren.openapi.access import Access, choose_access, list_scopes, read_addresses
from wren.openapi.addresses import AddressFields, describe, read_base_url
from wren.openapi.answers import accepted, find_refusal, read_answer, select_part
from wren.openapi.arguments import (
    ArgumentReader,
    Arguments,
    binding_of,
    config_schema,
    input_schema,
    required_config,
)
from wren.openapi.choice import Choice
from wren.openapi.errors import DocumentInvalid, NodeInvalid, OperationUnsupported, ReferenceOutside
from wren.openapi.examples import example_call
from wren.openapi.keywords import tidy
from wren.openapi.model import EFFECTS, Api, Operation, Requirement, Server
from wren.openapi.node import SourceDocument
from wren.openapi.parser import parse_api
from wren.openapi.schemas import SchemaWriter
from wren.openapi.selection import choose_operations
from wren_core.contract.address_check import host_template
from wren_core.contract.addresses import variables
from wren_core.contract.auth import OAuth2Config
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.request_binding import Pagination
from wren_core.contract.schema_check import check_schema
from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.contract.versions import is_semver
from wren_core.declarative.checking import list_binding_problems
from wren_core.declarative.integration import declared_integration
from wren_core.declarative.publication import MAX_BYTES
from wren_core.errors import DefinitionInvalid
from wren_core.schemas.validator import SchemaInvalid, first_line

_DESCRIPTION_LIMIT = 500
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
_CUT = "some objects of the {} have no described members: the document has too many references"


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """An operation that was not imported, and why."""

    operation: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """A definition, and a report for the person who imports it."""

    definition: IntegrationDefinition
    operations: Mapping[str, str]
    """The operations by id of the method."""
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()


def import_document(source: Mapping[str, Any] | SourceDocument, choice: Choice) -> ImportResult:
    """Make a definition from an OpenAPI 3 or Swagger 2 document.

    Args:
        source: the value of the document, or the document with the other files in its folder.
        choice: what the user chose.

    Raises:
        DocumentInvalid: it is neither, or no chosen operation can be imported; the message says why.
    """
    api = parse_api(source)
    name = choice.name or python_names.integration_name(api.title or "api")
    operations = choose_operations(api.operations, choice)
    fields = AddressFields()
    base_url = read_base_url(Server(url=choice.server) if choice.server else api.server, fields)
    schemes = read_addresses(api.schemes, base_url, fields)
    access = choose_access(schemes, name, [operation.security for operation in operations], choice)
    work = _Import(api, choice, access, base_url, fields, name)
    methods = [method for operation in operations if (method := work.method(operation)) is not None]
    if not methods:
        reasons = "; ".join(f"{item.operation}: {item.reason}" for item in work.skipped[:3])
        raise DocumentInvalid(f"none of {len(operations)} operations can be imported: {reasons}")
    definition = work.definition(methods)
    return ImportResult(
        definition=definition,
        operations={method["id"]: work.operations[method["id"]] for method in definition.methods},
        skipped=tuple(work.skipped),
        warnings=tuple(dict.fromkeys([*_warn_about(base_url), *work.notes, *access.warnings, *work.warnings])),
    )


@dataclass
class _Import:
    """One import in progress."""

    api: Api
    choice: Choice
    access: Access
    base_url: str
    fields: AddressFields
    name: str
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    operations: dict[str, str] = field(default_factory=dict)
    arguments: list[Arguments] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        self._inputs = SchemaWriter("input")
        self._outputs = SchemaWriter("output", is_partial=self.choice.allows_missing)
        self._opened: dict[int, tuple[bool, tuple[str, ...]]] = {}
        """By the identity of requirements: whether they are met, and the scopes of those that are used."""
        self._reader = ArgumentReader(self.choice, holds_token=self.access.holds_token)

    def method(self, operation: Operation) -> MethodSpec | None:
        """Return the method of an operation, or None if it must be skipped."""
        try:
            return self._measure(self._method(operation))
        except ReferenceOutside as exc:
            raise exc.refusal() from exc
        except (OperationUnsupported, NodeInvalid, SchemaInvalid) as exc:
            reason = str(exc)
        except ValidationError as exc:
            reason = exc.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
        self.skipped.append(Skipped(operation=operation.label, reason=reason))
        return None

    @property
    def notes(self) -> list[str]:
        """What a person must know who connects it."""
        return describe(self._used_fields(), self.fields.required)

    def _measure(self, method: MethodSpec) -> MethodSpec:
        """Count the size of a method, so that a definition which could not be loaded is not even made.

        Raises:
            DocumentInvalid: all methods together are too large.
        """
        self.size += len(json.dumps([method.input_schema, method.output_schema]))
        if self.size > MAX_BYTES:
            raise DocumentInvalid(
                f"its {len(self.api.operations)} operations make a definition of more than {MAX_BYTES // 2**20} MiB, "
                "which could not be loaded; import the ones you need with --tag or --operation"
            )
        return method

    def definition(self, methods: list[MethodSpec]) -> IntegrationDefinition:
        """Return the definition of everything that was imported.

        Raises:
            DocumentInvalid: it would not be valid.
        """
        try:
            definition = IntegrationDefinition.from_spec(self._spec(methods))
            declared_integration(definition)
        except (DefinitionInvalid, NodeInvalid, ValidationError) as exc:
            sound = [method for method in methods if self._is_sound(method)]
            if sound and len(sound) < len(methods):
                return self.definition(sound)
            raise DocumentInvalid(f"the definition would not be valid: {first_line(exc)}") from exc
        return definition

    def _is_sound(self, method: MethodSpec) -> bool:
        """Tell whether a method's schemas can be used; otherwise its operation is skipped."""
        try:
            check_schema(method.input_schema)
            check_schema(method.output_schema)
        except SchemaInvalid as exc:
            self.skipped.append(Skipped(operation=self.operations[method.id], reason=str(exc)))
            return False
        return True

    def _spec(self, methods: list[MethodSpec]) -> IntegrationSpec:
        fields = {key: item for found in self.arguments for key, item in found.config.items()}
        version = self.api.version
        return IntegrationSpec(
            name=self.name,
            display_name=(self.api.title or self.name)[:255],
            description=_first_paragraph(self.api.description or self.api.title or self.name),
            version=version if is_semver(version) else "",
            auth=self.access.auth,
            credentials=self.access.credentials,
            base_url=self.base_url,
            hosts=() if host_template(self.base_url) else (_host(self.base_url),),
            config_hosts=tuple(filter(None, [host_template(self.base_url)])),
            methods=tuple(methods),
            config_schema=config_schema(fields, self._inputs, self._required_config(), self._used_fields()),
            docs_url=self.api.docs_url,
        )

    def _used_fields(self) -> dict[str, Any]:
        """Return the fields that the address of the API and those of its OAuth need."""
        auth = self.access.auth
        given = [self.base_url]
        given += [auth.authorization_url or "", auth.token_url or ""] if isinstance(auth, OAuth2Config) else []
        used = {name for address in given for name in variables(address)}
        return {name: part for name, part in self.fields.properties.items() if name in used}

    def _required_config(self) -> set[str]:
        return required_config(self.arguments) | (self.fields.required & self._used_fields().keys())

    def _method(self, operation: Operation) -> MethodSpec:
        if operation.mistake is not None:
            raise operation.mistake
        self._check_reachable(operation)
        pagination = _read_pagination(operation)
        paged = {pagination.parameter, pagination.size_parameter} if pagination else set()
        found = self._reader.read(operation, paged=paged)
        given, is_input_whole = input_schema(found, self._inputs)
        found.warnings += [f"a part of the input is not described: {text}" for text in self._inputs.notes]
        self._outputs.notes = []
        form, answer, is_answer_whole = read_answer(operation, self._outputs)
        found.warnings += [f"a part of the answer is not described: {text}" for text in self._outputs.notes]
        found.warnings += operation.notes
        if operation.verb == "HEAD":
            form, answer = "none", {"type": "null"}
        output = operation.output
        refusal = find_refusal(operation, answer) if form == "json" else None
        found.constants += self.access.constants
        binding = binding_of(
            operation.verb,
            operation.path,
            found,
            response=form,
            accept=accepted(operation, form) if operation.verb != "HEAD" else "",
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
            output_schema=select_part(answer, output) if output else answer,
            effect=operation.effect,
            idempotent=operation.is_idempotent,
            requires_approval=operation.effect == "destructive",
            scopes=self._scopes(operation),
            example=example_call(self.name, operation.method_id, given),
            request=binding,
        )
        for problem in list_binding_problems(method, binding):
            raise OperationUnsupported(problem)
        self._note(operation, found, is_input_whole=is_input_whole, is_answer_whole=is_answer_whole)
        return method

    def _check_reachable(self, operation: Operation) -> None:
        own = operation.server if self.choice.server is None else None
        if own is not None and own.url and not self._is_same_server(own):
            raise OperationUnsupported(f"it is on another server ({own.url}); import it separately with --server")
        if not self._opens(operation.security):
            schemes = " or ".join(" and ".join(sorted(item)) for item in operation.security)
            raise OperationUnsupported(f"it requires {schemes}, which the integration does not use")

    def _is_same_server(self, server: Server) -> bool:
        relative = urljoin(self.api.server.url, server.url) if "://" in self.api.server.url else server.url
        return self.api.server.url.rstrip("/") in (server.url.rstrip("/"), relative.rstrip("/"))

    def _opens(self, requirements: tuple[Requirement, ...]) -> bool:
        """Tell whether these requirements are met; most operations share theirs, which are then read once."""
        key = id(requirements)
        if key not in self._opened:
            chosen = next((item for item in requirements if frozenset(item) == self.access.requirement), {})
            self._opened[key] = self.access.opens(requirements), tuple(list_scopes(chosen))
        return self._opened[key][0]

    def _scopes(self, operation: Operation) -> tuple[str, ...]:
        self._opens(operation.security)
        return self._opened[id(operation.security)][1]

    def _note(self, operation: Operation, found: Arguments, *, is_input_whole: bool, is_answer_whole: bool) -> None:
        self.operations[operation.method_id] = operation.label
        self.arguments.append(found)
        warnings = [*found.warnings]
        warnings += [] if is_input_whole else [_CUT.format("input")]
        warnings += [] if is_answer_whole else [_CUT.format("answer")]
        self.warnings += [f"{operation.method_id}: {text}" for text in warnings]


def _warn_about(base_url: str) -> list[str]:
    parts = urlsplit(base_url)
    if parts.scheme in ("https", "") or parts.hostname in _THIS_MACHINE:
        return []
    return ["its server does not use TLS, so credentials are sent unencrypted; if it can, use --server https://..."]


def _host(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = str(parts.hostname)
    return host if port == 443 else f"{host}:{port}"


def _first_paragraph(text: str) -> str:
    first = tidy(text.strip().partition("\n\n")[0])
    return first if len(first) <= _DESCRIPTION_LIMIT else first[: _DESCRIPTION_LIMIT - 3] + "..."


def _read_pagination(operation: Operation) -> Pagination | None:
    """Return the pagination of an operation, from `x-wren-pagination`."""
    if operation.pagination is None:
        return None
    members = operation.pagination.members()
    return Pagination.model_validate({python_names.snake_case(key): item.value for key, item in members.items()})
