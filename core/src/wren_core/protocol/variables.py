"""Names of the environment variables that hosts, workers and scripts share; built here only."""

AI_INTEGRATION = "WREN_AI_INTEGRATION"
"""Names the ai integration of `wren.ai`; a deployed run has it set to the connected one."""
INTEGRATIONS_PREFIX = "WREN_INTEGRATIONS__"


def base_url_variable(integration: str) -> str:
    """Return the variable that points an integration at another host."""
    return f"{INTEGRATIONS_PREFIX}{integration.upper()}__BASE_URL"


def config_variable(integration: str) -> str:
    """Return the variable that holds defaults of an integration's configuration, a JSON object."""
    return f"{INTEGRATIONS_PREFIX}{integration.upper()}__CONFIG"


def account_variable(variable: str, alias: str) -> str:
    """Return the variable of a named account's credential on a person's own machine: `CHAT_ACCESS_TOKEN__WORK`."""
    return f"{variable}__{alias.upper().replace('-', '_')}"
