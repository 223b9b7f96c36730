"""The contract of Wren: what an integration declares, and what a host may rely on.

Importing this package loads nothing else: every name below is fetched from its module on first use. A command line
that only needs `wren_core.errors` must not pay for the schema machinery that comes with `Integration`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what `__getattr__` returns, spelt out for type checkers and editors
    from wren_core.ai.integration import AIIntegration as AIIntegration
    from wren_core.ai.integration import ImageIntegration as ImageIntegration
    from wren_core.credentials import Credentials as Credentials
    from wren_core.errors import AgentFixableError as AgentFixableError
    from wren_core.errors import AuthFailed as AuthFailed
    from wren_core.errors import InternalError as InternalError
    from wren_core.errors import InvalidInput as InvalidInput
    from wren_core.errors import NotFound as NotFound
    from wren_core.errors import RateLimited as RateLimited
    from wren_core.errors import Rejected as Rejected
    from wren_core.errors import Unavailable as Unavailable
    from wren_core.errors import UserFacingConfigError as UserFacingConfigError
    from wren_core.errors import WrenError as WrenError
    from wren_core.hookspecs import hookimpl as hookimpl
    from wren_core.http_status import raise_for_response as raise_for_response
    from wren_core.integration import Integration as Integration
    from wren_core.methods import method as method
    from wren_core.record import IntegrationConfig as IntegrationConfig
    from wren_core.record import Record as Record
    from wren_core.spec import AIConfig as AIConfig
    from wren_core.spec import AIModel as AIModel
    from wren_core.spec import ApiKeyConfig as ApiKeyConfig
    from wren_core.spec import CredentialSpec as CredentialSpec
    from wren_core.spec import CredentialType as CredentialType
    from wren_core.spec import CustomAuth as CustomAuth
    from wren_core.spec import IntegrationSpec as IntegrationSpec
    from wren_core.spec import MethodSpec as MethodSpec
    from wren_core.spec import OAuth2Config as OAuth2Config
    from wren_core.spec import TriggerSpec as TriggerSpec
    from wren_core.spec import UndoSpec as UndoSpec

# No module may be called like one of these names: importing it would put the module in the name's place.
_MEMBERS = {
    "wren_core.ai.integration": ("AIIntegration", "ImageIntegration"),
    "wren_core.credentials": ("Credentials",),
    "wren_core.errors": (
        "AgentFixableError",
        "AuthFailed",
        "InternalError",
        "InvalidInput",
        "NotFound",
        "RateLimited",
        "Rejected",
        "Unavailable",
        "UserFacingConfigError",
        "WrenError",
    ),
    "wren_core.hookspecs": ("hookimpl",),
    "wren_core.http_status": ("raise_for_response",),
    "wren_core.integration": ("Integration",),
    "wren_core.methods": ("method",),
    "wren_core.record": ("IntegrationConfig", "Record"),
    "wren_core.spec": (
        "AIConfig",
        "AIModel",
        "ApiKeyConfig",
        "CredentialSpec",
        "CredentialType",
        "CustomAuth",
        "IntegrationSpec",
        "MethodSpec",
        "OAuth2Config",
        "TriggerSpec",
        "UndoSpec",
    ),
}
_OWNERS = {member: module for module, members in _MEMBERS.items() for member in members}

__all__ = sorted(_OWNERS)


def __getattr__(name: str) -> Any:
    if name not in _OWNERS:
        raise AttributeError(f"module 'wren_core' has no attribute {name!r}")
    value = getattr(import_module(_OWNERS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
