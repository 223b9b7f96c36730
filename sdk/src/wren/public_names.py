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
        "TransientError",
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
    from wren_core.nearest import find_nearest, suggest  # here: only an unknown name needs it

    nearest = find_nearest(name, PUBLIC_NAMES)
    return suggest(nearest and f"wren.{nearest}", otherwise=f"it has {', '.join(PUBLIC_NAMES)}")
