"""What a script finds in its environment besides Python: what operator and user configured. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from wren_backend.connections.models import Connection
from wren_backend.connections.repository import DEFAULT_ALIAS
from wren_core.contract.spec import IntegrationSpec
from wren_core.protocol.variables import base_url_variable, config_variable


class IntegrationOverride(Protocol):
    """What an operator sets for one integration."""

    @property
    def base_url(self) -> str | None: ...
    @property
    def config(self) -> Mapping[str, Any]: ...


def run_env(
    specs: Sequence[IntegrationSpec], held: Mapping[str, str], overrides: Mapping[str, IntegrationOverride]
) -> dict[str, str]:
    """Return the environment of a run: its credentials, and what operator and connection configured. Pure.

    A connection's configuration wins over the operator's, value by value.
    """
    env = dict(held)
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
    """Return the configuration of a user's connections by variable, that of the default one where there are several."""
    by_integration: dict[str, Connection] = {}
    for connection in connections:
        if connection.integration not in by_integration or connection.alias == DEFAULT_ALIAS:
            by_integration[connection.integration] = connection
    return {config_variable(name): json.dumps(row.config) for name, row in by_integration.items() if row.config}
