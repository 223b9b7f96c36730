"""Errors of tenancy."""

from wren_core.errors import AgentFixableError, UserFacingConfigError


class MissingObject(AgentFixableError):
    """Nothing with that id exists in the caller's workspace; whether it exists in another one is not revealed."""

    code = "NOT_FOUND"


class NotAllowed(UserFacingConfigError):
    """The object belongs to another user of the workspace; the message names who may do this."""

    code = "NOT_ALLOWED"
