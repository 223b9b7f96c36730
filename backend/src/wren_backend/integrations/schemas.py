"""Wire shapes of integrations."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.requirements import accepts_connection
from wren_backend.http.wire import ErrorDetail, IntegrationName, NamedAccounts, RequestBody, ResponseBody
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import WrenError
from wren_core.plugins.discovery import FailedPlugin
from wren_core.plugins.plugin import Plugin


@dataclass(frozen=True, kw_only=True)
class CallerView:
    """What the shape of an integration needs to know of the caller."""

    addresses: Addresses
    user_id: str
    connected: frozenset[str]


class ValidateBody(RequestBody):
    """Names of integrations; the script itself is not sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"integrations": ["mail", "chat"]}]})

    integrations: list[IntegrationName] = Field(max_length=100, examples=[["mail", "chat"]])
    uses_ai: bool = Field(default=False, description="The script also calls the connected ai integration")
    accounts: NamedAccounts = Field(default_factory=dict, description="Aliases the script names, by integration")


class ValidationProblem(ErrorDetail):
    """Why the caller cannot use one integration."""

    integration: str

    @classmethod
    def of(cls, error: WrenError) -> "ValidationProblem":
        """Shape an error."""
        return cls(integration=str(error.details.get("integration", "")), **error.to_wire())


class ValidateAnswer(ResponseBody):
    """Whether scripts with these integrations could run now; `errors` is there when they could not."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"valid": True, "warnings": []},
                {
                    "valid": False,
                    "errors": [
                        {
                            "type": "UserFacingConfigError",
                            "code": "INTEGRATION_NOT_CONFIGURED",
                            "integration": "mail",
                            "message": "Mail is not connected; run `wren connect mail` or open the page in action_url",
                            "action_url": "https://wren.example/integrations/mail/setup",
                            "docs_url": "https://docs.wren.example/integrations/mail",
                            "can_retry": False,
                        }
                    ],
                    "warnings": [],
                },
            ]
        }
    )

    valid: bool
    errors: list[ValidationProblem] | None = None
    warnings: list[str] = []


class IntegrationRead(ResponseBody):
    """One integration as lists show it."""

    name: str
    display_name: str
    description: str
    version: str
    distribution: str
    type: str
    auth_type: str
    scopes: list[str]
    credentials: list[str]
    methods: list[str]
    no_handler: list[str]
    """Methods of a definition that nothing performs yet; a call of them is refused."""
    hosts: list[str]
    setup_url: str | None
    docs_url: str
    connected: bool | None
    """Whether the caller has a connection that works; null where none is needed."""

    @classmethod
    def of(cls, plugin: Plugin, spec: IntegrationSpec, caller: CallerView) -> "IntegrationRead":
        """Shape a loaded plugin."""
        return cls(**_fields(plugin, spec, caller))


class IntegrationDetail(IntegrationRead):
    """One integration with its definition: every method, the schemas, the configuration."""

    definition: dict[str, Any]

    @classmethod
    def from_parts(cls, plugin: Plugin, spec: IntegrationSpec, caller: CallerView) -> "IntegrationDetail":
        """Shape a loaded plugin."""
        return cls(**_fields(plugin, spec, caller), definition=json.loads(plugin.document))


class FailedRead(ResponseBody):
    """One plugin that is installed and could not be loaded."""

    name: str
    distribution: str
    version: str
    code: str
    reason: str

    @classmethod
    def of(cls, plugin: FailedPlugin) -> "FailedRead":
        """Shape a failed plugin."""
        return cls(
            name=plugin.name,
            distribution=plugin.distribution,
            version=plugin.version,
            code=plugin.code,
            reason=plugin.reason,
        )


class IntegrationList(ResponseBody):
    """The installed integrations by name, and those that could not be loaded."""

    integrations: list[IntegrationRead]
    failed: list[FailedRead]


def _fields(plugin: Plugin, spec: IntegrationSpec, caller: CallerView) -> dict[str, Any]:
    is_connectable = accepts_connection(spec)
    return {
        "name": spec.name,
        "display_name": spec.display_name,
        "description": spec.description,
        "version": spec.version,
        "distribution": plugin.distribution,
        "type": spec.type,
        "auth_type": spec.auth_type,
        "scopes": list(spec.required_scopes),
        "credentials": [credential.key for credential in spec.credentials],
        "methods": [method.id for method in spec.methods],
        "no_handler": list(plugin.unbound),
        "hosts": list(spec.hosts),
        "setup_url": caller.addresses.setup(spec, user_id=caller.user_id) if is_connectable else None,
        "docs_url": caller.addresses.docs(spec),
        "connected": spec.name in caller.connected if is_connectable else None,
    }
