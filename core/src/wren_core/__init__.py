"""The contract of Wren: what an integration declares, and what a host may rely on.

Importing this package loads nothing else: every name below is fetched from its module on first use. A command line
that only needs `wren_core.errors` must not pay for the schema machinery that comes with `Integration`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the names of `__getattr__`, for type checkers and editors
    from wren_core.ai.integration import AIIntegration as AIIntegration
    from wren_core.ai.integration import ImageIntegration as ImageIntegration
    from wren_core.contract.credentials import Credentials as Credentials
    from wren_core.contract.hookspecs import hookimpl as hookimpl
    from wren_core.contract.integration import Integration as Integration
    from wren_core.contract.methods import method as method
    from wren_core.contract.record import IntegrationConfig as IntegrationConfig
    from wren_core.contract.record import Record as Record
    from wren_core.contract.spec import AIConfig as AIConfig
    from wren_core.contract.spec import AIModel as AIModel
    from wren_core.contract.spec import ApiKeyConfig as ApiKeyConfig
    from wren_core.contract.spec import CredentialSpec as CredentialSpec
    from wren_core.contract.spec import CredentialType as CredentialType
    from wren_core.contract.spec import CustomAuth as CustomAuth
    from wren_core.contract.spec import IntegrationSpec as IntegrationSpec
    from wren_core.contract.spec import MethodSpec as MethodSpec
    from wren_core.contract.spec import OAuth2Config as OAuth2Config
    from wren_core.contract.spec import TriggerSpec as TriggerSpec
    from wren_core.contract.spec import UndoSpec as UndoSpec
    from wren_core.errors import AgentFixableError as AgentFixableError
    from wren_core.errors import AuthFailed as AuthFailed
    from wren_core.errors import InternalError as InternalError
    from wren_core.errors import InvalidInput as InvalidInput
    from wren_core.errors import NotFound as NotFound
    from wren_core.errors import RateLimited as RateLimited
    from wren_core.errors import Rejected as Rejected
    from wren_core.errors import TransientError as TransientError
    from wren_core.errors import Unavailable as Unavailable
    from wren_core.errors import UserFacingConfigError as UserFacingConfigError
    from wren_core.errors import WrenError as WrenError
    from wren_core.http_status import raise_for_response as raise_for_response

# No module may have one of these names: importing it would replace the public object.
_MEMBERS = {
    "wren_core.ai.integration": ("AIIntegration", "ImageIntegration"),
    "wren_core.contract.credentials": ("Credentials",),
    "wren_core.errors": (
        "AgentFixableError",
        "AuthFailed",
        "InternalError",
        "InvalidInput",
        "NotFound",
        "RateLimited",
        "Rejected",
        "TransientError",
        "Unavailable",
        "UserFacingConfigError",
        "WrenError",
    ),
    "wren_core.contract.hookspecs": ("hookimpl",),
    "wren_core.http_status": ("raise_for_response",),
    "wren_core.contract.integration": ("Integration",),
    "wren_core.contract.methods": ("method",),
    "wren_core.contract.record": ("IntegrationConfig", "Record"),
    "wren_core.contract.spec": (
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
