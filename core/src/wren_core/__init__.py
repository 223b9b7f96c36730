"""The contract of Wren: what an integration declares, and what a host may rely on."""

from wren_core.credentials import Credentials
from wren_core.errors import (
    AgentFixableError,
    AuthFailed,
    InternalError,
    InvalidInput,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    UserFacingConfigError,
    WrenError,
)
from wren_core.hookspecs import hookimpl
from wren_core.http_status import raise_for_response
from wren_core.integration import Integration
from wren_core.method import method
from wren_core.record import IntegrationConfig, Record
from wren_core.spec import (
    AIConfig,
    AIModel,
    ApiKeyConfig,
    CredentialSpec,
    CredentialType,
    CustomAuth,
    IntegrationSpec,
    MethodSpec,
    OAuth2Config,
    TriggerSpec,
    UndoSpec,
)

__all__ = [
    "AIConfig",
    "AIModel",
    "AgentFixableError",
    "ApiKeyConfig",
    "AuthFailed",
    "CredentialSpec",
    "CredentialType",
    "Credentials",
    "CustomAuth",
    "Integration",
    "IntegrationConfig",
    "IntegrationSpec",
    "InternalError",
    "InvalidInput",
    "MethodSpec",
    "NotFound",
    "OAuth2Config",
    "RateLimited",
    "Record",
    "Rejected",
    "TriggerSpec",
    "Unavailable",
    "UndoSpec",
    "UserFacingConfigError",
    "WrenError",
    "hookimpl",
    "method",
    "raise_for_response",
]
