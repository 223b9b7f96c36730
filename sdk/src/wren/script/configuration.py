"""The configuration that the environment or a connection gives an integration."""

import json
import os
from collections.abc import Mapping
from typing import Any

from wren.script.session import ScriptSession
from wren_core.errors import ConfigInvalid, ConnectionUnknown
from wren_core.protocol.jobs import JobConnection
from wren_core.protocol.variables import account_variable, config_variable


def read_environ(connection: JobConnection | None) -> Mapping[str, str]:
    """Return the variables of a connection; those of the process hold the default one's."""
    return os.environ if connection is None or connection.is_default else connection.to_variables()


def find_config(name: str, connection: JobConnection | None, account: str | None) -> dict[str, Any]:
    """Return the configuration that an instance starts from; the values of `init` win over it.

    Raises:
        ConfigInvalid: the variable is not a JSON object.
    """
    return config_defaults(name, read_environ(connection), account=None if connection else account)


def find_connection(current: ScriptSession, integration: str, account: str | None) -> JobConnection | None:
    """Return the connection of a deployed run; None on a user's own machine, or if the integration needs none.

    While a script is only read, a missing one is the server's to report: it knows where to connect it.

    Raises:
        ConnectionUnknown: the run has no connection with that alias.
    """
    held = current.find_connections(integration)
    found = next((item for item in held if (item.is_default if account is None else item.alias == account)), None)
    is_needed = account is not None or bool(held)  # an integration without any connection may need none
    if found is None and current.connections is not None and is_needed and not current.is_describing:
        aliases = [item.alias for item in held]
        wanted = "default connection" if account is None else f"connection {account!r}"
        raise ConnectionUnknown(
            f"this run has no {wanted} of {integration}; "
            f'it has {", ".join(aliases) or "none"}. Name one of them as a literal: init(account="...")',
            details={"integration": integration, "account": account, "aliases": aliases},
        )
    return found


def config_defaults(name: str, environ: Mapping[str, str], *, account: str | None = None) -> dict[str, Any]:
    """Return the default configuration of an integration, and of one account, from the environment.

    Raises:
        ConfigInvalid: the variable is not a JSON object.
    """
    shared = _read_config(config_variable(name), environ)
    if account is None:
        return shared
    return {**shared, **_read_config(account_variable(config_variable(name), account), environ)}


def _read_config(variable: str, environ: Mapping[str, str]) -> dict[str, Any]:
    text = environ.get(variable)
    if not text:
        return {}
    try:
        values = json.loads(text)
    except ValueError as exc:
        raise ConfigInvalid(f"{variable} is not JSON: {exc}", details={"variable": variable}) from exc
    if not isinstance(values, dict):
        raise ConfigInvalid(f"{variable} must be a JSON object", details={"variable": variable})
    return values
