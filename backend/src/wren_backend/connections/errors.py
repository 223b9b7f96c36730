"""What can be wrong with connections, each with the code clients rely on."""

from wren_core.errors import AgentFixableError, UserFacingConfigError


class ProviderNotConfigured(UserFacingConfigError):
    """The operator has not registered Wren with the provider, or registered it wrongly; names the variable to set."""

    code = "PROVIDER_NOT_CONFIGURED"


class IntegrationNotConfigured(UserFacingConfigError):
    """The user has no authorised connection to the integration."""

    code = "INTEGRATION_NOT_CONFIGURED"


class ConnectionNeedsReauth(UserFacingConfigError):
    """The provider no longer accepts the connection; a person must authorise it again, in place."""

    code = "CONNECTION_NEEDS_REAUTH"


class TokenExpired(UserFacingConfigError):
    """The access token has ended and there is no refresh token."""

    code = "OAUTH_TOKEN_EXPIRED"


class ScopeMissing(UserFacingConfigError):
    """Fewer scopes were granted than the integration needs; `details` lists the missing ones."""

    code = "OAUTH_SCOPE_MISSING"


class ConnectionAmbiguous(AgentFixableError):
    """Several connections fit and none is called `default`; `details` lists the aliases."""

    code = "CONNECTION_AMBIGUOUS"


class ConnectionNotNeeded(AgentFixableError):
    """The integration works without a connection."""

    code = "CONNECTION_NOT_NEEDED"


class CredentialsInvalid(AgentFixableError):
    """The credential values do not fit the integration; `details` names the unknown and the missing ones."""

    code = "CREDENTIALS_INVALID"


class ConnectionTestFailed(UserFacingConfigError):
    """The integration could not do its first read with what a person entered; nothing was stored."""

    code = "CONNECTION_TEST_FAILED"


class FlowRefused(UserFacingConfigError):
    """A browser's request does not belong to a pending authorization; nothing was stored."""

    code = "OAUTH_FLOW_REFUSED"


class AccountMismatch(UserFacingConfigError):
    """The person signed in to another account than the connection's; nothing was stored."""

    code = "OAUTH_ACCOUNT_MISMATCH"
