"""Checks the values of one `.init(...)` call against the integration's configuration."""

import ast
import os
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from wren.checks.finding import Code, ScriptFinding
from wren.checks.literals import read_literal
from wren.checks.source import Source
from wren.script.integration_handle import config_defaults
from wren_core.contract.integration import Integration
from wren_core.errors import ConfigInvalid
from wren_core.nearest import find_nearest, suggest


def check_config(source: Source, integration: type[Integration], call: ast.Call) -> Iterator[ScriptFinding]:
    """Yield unknown, invalid and missing values; a value that is known only at run time is not checked."""
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
    for problem in _validate(integration, _collect_literals(given, fields)):
        field, reason = str(next(iter(problem["loc"]), "")), problem["msg"]
        if field in given and problem["type"] != "missing":
            yield source.finding(Code.CONFIG_INVALID, f"{name}: {field}: {reason}", given[field].value)
        elif (
            problem["type"] == "missing"
            and field not in given
            and not any(keyword.arg is None for keyword in call.keywords)
        ):
            yield _make_missing_finding(source, name, field, call)


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
            yield finding.model_copy(update={"severity": "warning"})


def _make_missing_finding(source: Source, name: str, field: str, call: ast.Call) -> ScriptFinding:
    # A warning: where the script is deployed, the connection's own configuration may hold the value.
    finding = source.finding(Code.CONFIG_INVALID, f"{name} needs {field!r}", call, hint=f"write {name}({field}=...)")
    return finding.model_copy(update={"severity": "warning"})


def _collect_literals(given: Mapping[str, ast.keyword], fields: list[str]) -> dict[str, Any]:
    found = {field: read_literal(keyword.value) for field, keyword in given.items() if field in fields}
    return {field: literal.value for field, literal in found.items() if literal and not literal.is_partial}


def _validate(integration: type[Integration], values: Mapping[str, Any]) -> list[Any]:
    try:
        defaults = config_defaults(integration.spec.name, os.environ)
    except ConfigInvalid:
        defaults = {}  # an error of the machine's settings, not of the script: `.init()` reports it
    try:
        integration.Config.model_validate({**defaults, **values})
    except ValidationError as exc:
        return list(exc.errors(include_url=False))
    return []
