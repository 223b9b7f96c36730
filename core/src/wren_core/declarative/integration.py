"""From a definition to an integration: a class like any other, whose methods are HTTP requests, described as data."""

from collections.abc import Mapping
from typing import Any

from wren_core.contract.configuration import check_config
from wren_core.contract.definition import IntegrationDefinition
from wren_core.contract.integration import Integration
from wren_core.contract.methods import Method
from wren_core.contract.record import IntegrationConfig
from wren_core.contract.schema_check import check_schemas
from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.declarative.checking import list_problems
from wren_core.declarative.configuration import configuration
from wren_core.declarative.method import DeclaredMethod
from wren_core.declarative.unbound import UnboundMethod
from wren_core.errors import DefinitionInvalid

_SHOWN_PROBLEMS = 5


class DeclaredIntegration(Integration):
    """Base of the integrations that are built from definitions.

    The client is that of every REST integration: it reads the credentials when it is created, and sends them to the
    host of `base_url` only.
    """

    @classmethod
    def full_spec(cls) -> IntegrationSpec:
        """Return the declared spec: there is nothing to derive."""
        return cls.spec

    @classmethod
    def check_config(cls, values: Mapping[str, Any]) -> IntegrationConfig:
        """Return the checked configuration, defaults applied; raises ConfigInvalid as the base does."""
        check_config(cls.spec, values)
        return super().check_config(values)


def declared_integration(definition: IntegrationDefinition) -> type[Integration]:
    """Return the integration that a definition declares, without running or importing an author's code.

    A method without a request has no handler: it exists, and a call of it is an error.

    Raises:
        DefinitionInvalid: names the part that is missing or contradicts another.
    """
    spec = definition.to_spec()
    problems = list_problems(spec)
    if problems:
        raise _invalid(spec, problems)
    try:
        return _class_of(spec)
    except (TypeError, ValueError) as exc:
        raise _invalid(spec, [str(exc)]) from exc


def _class_of(spec: IntegrationSpec) -> type[Integration]:
    check_schemas(spec)
    title = "".join(part.capitalize() for part in spec.name.split("_"))
    methods = {item.id: _method_of(spec.name, item) for item in spec.methods}
    members = {"__doc__": spec.description, "spec": spec, "Config": configuration(spec.config_schema, title)}
    return type(title, (DeclaredIntegration,), {**members, **methods})


def _method_of(integration: str, method: MethodSpec) -> Method:
    return DeclaredMethod(method, method.request) if method.request else UnboundMethod(integration, method)


def _invalid(spec: IntegrationSpec, problems: list[str]) -> DefinitionInvalid:
    shown = "; ".join(problems[:_SHOWN_PROBLEMS])
    rest = len(problems) - _SHOWN_PROBLEMS
    message = f"{spec.name}: {shown}{f'; and {rest} more' if rest > 0 else ''}"
    return DefinitionInvalid(message, details={"problems": problems})
