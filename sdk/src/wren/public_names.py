"""The names `import wren` offers, and the module each of them comes from."""

MODULES = {"errors": "wren_core.errors", "integrations": "wren.integrations"}
"""Public name -> the module it is."""
_MEMBERS = {
    "wren.script.ai": ("ai",),
    "wren.script.triggers": ("on_email", "on_schedule"),
    "wren_core.errors": (
        "AgentFixableError",
        "AuthFailed",
        "ConfigInvalid",
        "CredentialMissing",
        "IntegrationUnknown",
        "InternalError",
        "InvalidInput",
        "MethodUnknown",
        "NotFound",
        "PluginFailed",
        "RateLimited",
        "Rejected",
        "Unavailable",
        "UserFacingConfigError",
        "WrenError",
    ),
    "wren_core.contract.events": ("Email", "ManualStart", "ScheduleTick"),
}
OWNERS = {member: module for module, members in _MEMBERS.items() for member in members}
"""Public name -> the module that defines it."""
PUBLIC_NAMES = sorted((*MODULES, *OWNERS))


def suggest_name(name: str) -> str:
    """Return a hint for a name that `wren` does not have: the nearest one, or all of them."""
    from difflib import get_close_matches  # here: only a misspelt name needs it

    nearest = get_close_matches(name, PUBLIC_NAMES, n=1)
    return f"did you mean 'wren.{nearest[0]}'?" if nearest else f"it has {', '.join(PUBLIC_NAMES)}"
