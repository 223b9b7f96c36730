"""What a script gets besides Python: its accounts, and what operator and user configured. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from wren_backend.connections.credentials.selection import default_alias
from wren_backend.connections.models import Connection
from wren_backend.worker.accounts import Account
from wren_core.contract.spec import IntegrationSpec
from wren_core.protocol.jobs import JobConnection
from wren_core.protocol.variables import base_url_variable, config_variable


class IntegrationOverride(Protocol):
    """What an operator sets for one integration."""

    @property
    def base_url(self) -> str | None: ...
    @property
    def config(self) -> Mapping[str, Any]: ...


def job_connections(
    accounts: Iterable[Account], overrides: Mapping[str, IntegrationOverride]
) -> tuple[JobConnection, ...]:
    """Return the accounts of a run as its job carries them.

    A connection's configuration wins over the operator's, value by value.
    """
    return tuple(_job_connection(account, overrides.get(account.credentials.integration)) for account in accounts)


def override_env(
    specs: Sequence[IntegrationSpec], configured: Mapping[str, str], overrides: Mapping[str, IntegrationOverride]
) -> dict[str, str]:
    """Return what operator and user configured for integrations, by variable; the user's values win, one by one."""
    env = dict(configured)
    for spec in specs:
        override = overrides.get(spec.name)
        if override is None:
            continue
        if override.base_url:
            env[base_url_variable(spec.name)] = override.base_url
        if override.config:
            variable = config_variable(spec.name)
            env[variable] = json.dumps({**override.config, **json.loads(env.get(variable, "{}"))})
    return env


@dataclass(frozen=True, kw_only=True)
class ScriptConfiguration:
    """What operator and user configured for a script that is only read; no secrets."""

    connections: tuple[JobConnection, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    """What the operator configured for integrations without a connection, by variable."""


def describe_connections(
    connections: Iterable[Connection], overrides: Mapping[str, IntegrationOverride]
) -> tuple[JobConnection, ...]:
    """Return a user's connections without credentials; the default one of each integration as a run has it."""
    rows = list(connections)
    aliases: dict[str, list[str]] = {}
    for row in rows:
        aliases.setdefault(row.integration, []).append(row.alias)
    return tuple(
        JobConnection(
            integration=row.integration,
            alias=row.alias,
            is_default=row.alias == default_alias(aliases[row.integration]),
            **_configure(overrides.get(row.integration), row.config or {}),
        )
        for row in rows
    )


def _configure(override: IntegrationOverride | None, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return configuration and address; the connection's values win over the operator's, one by one."""
    return {
        "config": {**(override.config if override else {}), **config},
        "base_url": override.base_url if override else None,
    }


def _job_connection(account: Account, override: IntegrationOverride | None) -> JobConnection:
    held = account.credentials
    return JobConnection(
        integration=held.integration,
        alias=held.alias,
        is_default=account.is_default,
        credentials=held.env,
        **_configure(override, held.config),
    )
