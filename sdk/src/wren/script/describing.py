"""Instances of integrations in a script that is only read: none calls its provider, and configuration may be missing.

A connection brings configuration that the author's machine does not know.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from wren.script import session
from wren.script.catalogue import installed
from wren_core.contract.configuration import check_config
from wren_core.contract.credentials import Credentials
from wren_core.contract.integration import Integration
from wren_core.contract.record import IntegrationConfig
from wren_core.contract.spec import IntegrationSpec, OAuth2Config
from wren_core.errors import AgentFixableError
from wren_core.protocol.jobs import JobConnection


class CallAtImport(AgentFixableError):
    """A script calls an integration while it is read."""

    code = "CALL_AT_IMPORT"


class ReadingHost:
    """The host of a script that is only read: it answers nothing."""

    def request(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - of the protocol
        """Refuse the request.

        Raises:
            CallAtImport: always.
        """
        raise CallAtImport(f"{operation} is called while the script is imported; call it inside a triggered function")


def is_config_known(spec: IntegrationSpec, connection: JobConnection | None) -> bool:
    """Tell whether this process knows all of the configuration that a deployed run will have."""
    if session.current().connections is None:
        return False
    return connection is not None or not requires_connection(spec)


def requires_connection(spec: IntegrationSpec) -> bool:
    """Tell whether the integration cannot work without a connection."""
    return isinstance(spec.auth, OAuth2Config) or any(credential.required for credential in spec.credentials)


def list_missing(spec: IntegrationSpec, values: Mapping[str, Any]) -> list[str]:
    """Return the required fields of the configuration that have no value."""
    return [field for field in spec.config_schema.get("required", ()) if field not in values]


def read_config(
    integration: type[Integration], values: Mapping[str, Any], connection: JobConnection | None
) -> IntegrationConfig:
    """Return the configuration of an instance, unfinished where a connection brings what is missing.

    Raises:
        ConfigInvalid: a value is not valid, or one is missing that no connection can bring.
    """
    spec = installed().spec(integration.spec.name)
    if not list_missing(spec, values) or is_config_known(spec, connection):
        return integration.check_config(values)
    complete = check_config(spec, values, is_partial=True)
    return integration.Config.model_construct(None, **complete)


def keep_from_calling(instance: Integration) -> None:
    """Let an instance call neither its provider nor its host, and say so where the script tries."""
    spec = instance.spec

    def refuse(method: str = "", *_arguments: Any) -> NoReturn:
        called = f"{spec.name}.{method}()" if method else f"the client of {spec.name}"
        raise CallAtImport(
            f"{called} is called while the script is imported; call it inside a triggered function: a script is read "
            "without accounts and network, also when it is deployed"
        )

    vars(instance).update(connect=refuse, host=ReadingHost())
    if spec.credentials or spec.hosts or spec.config_hosts or isinstance(spec.auth, OAuth2Config):
        vars(instance).update(invoke=refuse)


def make_unconnected(
    integration: type[Integration], values: Mapping[str, Any], connection: JobConnection | None, alias: str | None
) -> Integration:
    """Return an instance for a script that is only read; `alias` is the account that the script names.

    Raises:
        ConfigInvalid: as `read_config` does.
    """
    config = read_config(integration, values, connection)
    instance = integration(config, credentials=Credentials.of(integration.spec, None), account_alias=alias)
    keep_from_calling(instance)
    return instance
