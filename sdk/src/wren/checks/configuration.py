"""Checks the values of one `.init(...)` call against the integration's configuration."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from wren.checks.finding import Code
from wren.checks.literals import read_literal
from wren.checks.source import Source
from wren.script import session
from wren.script.configuration import find_config, find_connection
from wren.script.describing import is_config_known
from wren_core.contract.integration import Integration
from wren_core.contract.spec import IntegrationSpec, OAuth2Config
from wren_core.errors import ConfigInvalid
from wren_core.nearest import find_nearest, suggest
from wren_core.protocol.findings import ScriptFinding
from wren_core.protocol.jobs import JobConnection
from wren_core.protocol.variables import config_variable


def check_config(
    source: Source, integration: type[Integration], spec: IntegrationSpec, call: ast.Call
) -> Iterator[ScriptFinding]:
    """Yield unknown, invalid and missing values; a value that is known only at run time is not checked.

    A missing value is an error where this process knows the connection, and a note where the connection brings it.
    """
    name = f"{integration.spec.name}.init"
    fields = list(integration.Config.model_fields)
    takes = f"it takes {', '.join(fields) or 'no values'}"
    if call.args:
        text = f"{name} takes named values only"
        yield source.finding(Code.CONFIG_INVALID, text, call.args[0], hint=takes)
    given = {keyword.arg: keyword for keyword in call.keywords if keyword.arg is not None}
    account = given.pop("account", None)
    if account is not None:
        yield from _check_account(source, name, account)
    for field in [field for field in given if field not in fields]:
        hint = suggest(find_nearest(field, fields), otherwise=takes)
        yield source.finding(Code.CONFIG_INVALID, f"{name} has no value {field!r}", given[field], hint=hint)
    alias = _read_alias(account)
    connection = find_connection(session.current(), spec.name, alias) if session.current().is_describing else None
    is_open = any(keyword.arg is None for keyword in call.keywords)
    for problem in _validate(integration, connection, alias, _collect_literals(given, fields)):
        field, reason = str(next(iter(problem["loc"]), "")), problem["msg"]
        if field in given and problem["type"] != "missing":
            yield source.finding(Code.CONFIG_INVALID, f"{name}: {field}: {reason}", given[field].value)
        elif problem["type"] == "missing" and len(problem["loc"]) == 1 and field not in given and not is_open:
            yield _make_missing_finding(source, spec, field, call, is_known=is_config_known(spec, connection))


def _read_alias(account: ast.keyword | None) -> str | None:
    match account:
        case ast.keyword(value=ast.Constant(value=str(alias))):
            return alias
    return None


def _check_account(source: Source, name: str, account: ast.keyword) -> Iterator[ScriptFinding]:
    match account.value:
        case ast.Constant(value=str() | None):
            return
        case ast.Constant():
            yield source.finding(Code.CONFIG_INVALID, f"{name}: account: an alias is text", account.value)
        case _:
            # A warning: an instance made at import still declares its account in the metadata.
            finding = source.finding(
                Code.ACCOUNT_NOT_LITERAL,
                f"{name}: only a literal account can be checked and passed to a run",
                account.value,
                hint=f'write {name}(account="...")',
            )
            yield replace(finding, severity="warning")


def _make_missing_finding(
    source: Source, spec: IntegrationSpec, field: str, call: ast.Call, *, is_known: bool
) -> ScriptFinding:
    write = f"write init({field}=...)"
    if is_known:
        connect = f", or set it in the connection: `wren connect {spec.name} --config {field}=...`"
        hint = write + (connect if spec.credentials or isinstance(spec.auth, OAuth2Config) else "")
        text = f"{spec.name} needs {field!r}, which neither the script nor its connection gives"
        return source.finding(Code.CONFIG_MISSING, text, call, hint=hint)
    variable = config_variable(spec.name)
    finding = source.finding(
        Code.CONFIG_MISSING,
        f"{spec.name} needs {field!r}; where the script is deployed it comes with the connection",
        call,
        hint=f"for `wren run FILE`, {write} or set {variable}='{{\"{field}\": ...}}'",
    )
    return replace(finding, severity="note")


def _collect_literals(given: Mapping[str, ast.keyword], fields: list[str]) -> dict[str, Any]:
    found = {field: read_literal(keyword.value) for field, keyword in given.items() if field in fields}
    return {field: literal.value for field, literal in found.items() if literal and not literal.is_partial}


def _validate(
    integration: type[Integration], connection: JobConnection | None, alias: str | None, values: Mapping[str, Any]
) -> list[Any]:
    try:
        defaults = find_config(integration.spec.name, connection, alias)
    except ConfigInvalid:
        defaults = {}  # an error of the machine's settings, not of the script: `.init()` reports it
    try:
        integration.Config.model_validate({**defaults, **values})
    except ValidationError as exc:
        return list(exc.errors(include_url=False))
    return []
