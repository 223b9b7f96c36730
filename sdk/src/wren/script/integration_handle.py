"""The value of `wren.integrations.<name>`, which makes instances."""

from dataclasses import dataclass
from typing import Any, NoReturn

from wren.script import session
from wren.script.catalogue import installed
from wren.script.configuration import find_config, find_connection, read_environ
from wren.script.describing import make_unconnected
from wren.script.terminal_host import terminal_host
from wren_core.contract.credentials import Credentials
from wren_core.contract.host import NoHost
from wren_core.export.docs import IntegrationDocs
from wren_core.plugins.registry import integration_unknown
from wren_core.protocol.variables import base_url_variable


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
        connection = find_connection(current, self.name, account)
        if current.is_describing:
            values = {**find_config(self.name, connection, account), **config}
            return make_unconnected(integration, values, connection, account)
        environ = read_environ(connection)
        return integration.create(
            {**find_config(self.name, connection, account), **config},
            credentials=Credentials.from_env(integration.spec, environ, account=None if connection else account),
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
