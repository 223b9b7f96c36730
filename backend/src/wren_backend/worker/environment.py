"""What a script gets besides Python: its accounts, and what operator and user configured. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from wren_backend.connections.models import Connection
from wren_backend.connections.repository import DEFAULT_ALIAS
from wren_backend.worker.accounts import Account
from wren_core.contract.spec import IntegrationSpec
from wren_core.protocol.jobs import JobConnection
from wren_core.protocol.variables import account_variable, base_url_variable, config_variable


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


def config_env(connections: Iterable[Connection]) -> dict[str, str]:
    """Return the configuration of a user's connections by variable: of the default ones, and of each by its alias."""
    default: dict[str, Connection] = {}
    named: dict[str, str] = {}
    for connection in connections:
        name = connection.integration
        if name not in default or connection.alias == DEFAULT_ALIAS:
            default[name] = connection
        if connection.config:
            named[account_variable(config_variable(name), connection.alias)] = json.dumps(connection.config)
    plain = {config_variable(name): json.dumps(row.config) for name, row in default.items() if row.config}
    return {**named, **plain}


def _job_connection(account: Account, override: IntegrationOverride | None) -> JobConnection:
    held = account.credentials
    return JobConnection(
        integration=held.integration,
        alias=held.alias,
        is_default=account.is_default,
        credentials=held.env,
        config={**(override.config if override else {}), **held.config},
        base_url=override.base_url if override else None,
    )
