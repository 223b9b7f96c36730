"""The value of `wren.integrations.<name>`, which makes instances."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from wren.script import session
from wren.script.catalogue import installed
from wren.script.session import ScriptSession
from wren.script.terminal_host import terminal_host
from wren_core.contract.credentials import Credentials
from wren_core.contract.host import NoHost
from wren_core.errors import ConfigInvalid, ConnectionUnknown
from wren_core.export.docs import IntegrationDocs
from wren_core.plugins.registry import integration_unknown
from wren_core.protocol.jobs import JobConnection
from wren_core.protocol.variables import account_variable, base_url_variable, config_variable


@dataclass(frozen=True)
class IntegrationHandle:
    """An installed integration without a configuration."""

    name: str

    @classmethod
    def of_installed(cls, name: str) -> "IntegrationHandle":
        """Return the handle of an installed integration; loads nothing.

        Raises:
            IntegrationUnknown: with the nearest installed name.
        """
        if name not in installed():
            raise integration_unknown(name, installed().names())
        return cls(name)

    # `Any`: the class is known only at run time; a precise base class would hide its methods.
    def init(self, *, account: str | None = None, **config: Any) -> Any:
        """Return an instance of the integration; it connects on the first call of a method.

        Credentials come from the environment, as do `WREN_INTEGRATIONS__<NAME>__BASE_URL` and default values of the
        configuration in `WREN_INTEGRATIONS__<NAME>__CONFIG` (a JSON object).

        Args:
            account: alias of one of several connections, written as a literal; the default one where left out. On your
                own machine the account `work` has separate variables: `CHAT_ACCESS_TOKEN__WORK`.
            config: values for the integration's configuration; they win over the defaults.

        Raises:
            ConfigInvalid: names the field, the reason and the fields that exist.
            ConnectionUnknown: the run has no connection with that alias; lists those it has.
        """
        integration = installed().get(self.name)
        current = session.current()
        connection = _find_connection(current, self.name, account)
        if connection is None or connection.is_default:
            environ: Mapping[str, str] = os.environ
            credentials = Credentials.from_env(integration.spec, environ, account=None if connection else account)
        else:
            environ = connection.to_variables()
            credentials = Credentials.from_env(integration.spec, environ)
        return integration.create(
            {**config_defaults(self.name, environ, account=None if connection else account), **config},
            credentials=credentials,
            base_url=environ.get(base_url_variable(self.name)) or None,
            host=terminal_host() if isinstance(current.host, NoHost) else current.host,
            on_call=current.on_call,
            account_alias=connection.alias if connection else account,
        )

    def get_docs(self) -> IntegrationDocs:
        """Return the documents of the integration."""
        return IntegrationDocs.from_spec(installed().spec(self.name), unbound=installed().plugin(self.name).unbound)

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        raise AttributeError(
            f"'wren.integrations.{self.name}' has no attribute {attribute!r}; make an instance first: "
            f"{self.name} = wren.integrations.{self.name}.init(), then {self.name}.{attribute}(...)"
        )

    def __repr__(self) -> str:
        return f"<integration {self.name!r}; call .init() for an instance>"


def _find_connection(current: ScriptSession, integration: str, account: str | None) -> JobConnection | None:
    """Return the connection of a deployed run; None on a user's own machine, or if the integration needs none.

    Raises:
        ConnectionUnknown: the run has no connection with that alias.
    """
    held = current.find_connections(integration)
    found = next((item for item in held if (item.is_default if account is None else item.alias == account)), None)
    is_needed = account is not None or bool(held)  # an integration without any connection may need none
    if found is None and current.connections is not None and is_needed:
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
