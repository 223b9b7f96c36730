"""Chooses the ai integration of `wren.ai`: the named one, else the only one with a credential."""

import os
from collections.abc import Iterable, Mapping

from wren.script.catalogue import installed
from wren_core.ai.integration import AIIntegration
from wren_core.contract.credentials import Credentials
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import AgentFixableError, PluginFailed, UserFacingConfigError
from wren_core.protocol.variables import AI_INTEGRATION


def choose_integration(wanted: str | None = None, environ: Mapping[str, str] | None = None) -> str:
    """Return the name of the integration to ask.

    Args:
        wanted: the name from the script.
        environ: default: the environment of this process.

    Raises:
        AgentFixableError: AI_INTEGRATION_INVALID, the named one offers no models; AI_INTEGRATION_AMBIGUOUS, several are
            connected.
        UserFacingConfigError: AI_NOT_CONFIGURED, none is.
    """
    environ = os.environ if environ is None else environ
    named = wanted or environ.get(AI_INTEGRATION)
    if named:
        return _check_integration(named)
    offered = list(_list_ai_specs())
    ready = [spec.name for spec in offered if not Credentials.from_env(spec, environ).missing(spec.credentials)]
    if len(ready) == 1:
        return ready[0]
    if ready:
        raise AgentFixableError(
            f"several ai integrations can be used here ({', '.join(ready)}); name one: "
            f"wren.ai(..., integration={ready[0]!r}), or set {AI_INTEGRATION}",
            code="AI_INTEGRATION_AMBIGUOUS",
            details={"integrations": ready},
        )
    raise _make_not_configured_error(offered)


def _check_integration(name: str) -> str:
    if not issubclass(installed().get(name), AIIntegration):
        known = [spec.name for spec in _list_ai_specs()]
        raise AgentFixableError(
            f"{name!r} offers no models, so wren.ai cannot ask it; these do: {', '.join(known) or 'none'}",
            code="AI_INTEGRATION_INVALID",
            details={"integration": name, "integrations": known},
        )
    return name


def _list_ai_specs() -> Iterable[IntegrationSpec]:
    """Load all installed integrations and yield those of type ai; needed only when the script names none."""
    for name in installed().names():
        try:
            integration = installed().get(name)
        except PluginFailed:
            continue
        if issubclass(integration, AIIntegration):
            yield integration.spec


def _make_not_configured_error(offered: list[IntegrationSpec]) -> UserFacingConfigError:
    if not offered:
        return UserFacingConfigError(
            "no ai integration is installed; install a distribution that offers one with pip", code="AI_NOT_CONFIGURED"
        )
    ways = [
        f"{spec.name} ({', '.join(item.env_var for item in spec.credentials if item.required)})" for spec in offered
    ]
    return UserFacingConfigError(
        f"no ai integration is connected; set the variables of one of {', '.join(ways)}, "
        f"or deploy the script and run `wren connect {offered[0].name}`",
        code="AI_NOT_CONFIGURED",
        docs_url=offered[0].docs_url,
        details={"integrations": [spec.name for spec in offered]},
    )
