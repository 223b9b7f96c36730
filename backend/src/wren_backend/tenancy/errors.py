"""Errors of tenancy."""

from wren_core.errors import AgentFixableError


class MissingObject(AgentFixableError):
    """Nothing with that id exists in the caller's workspace; whether it exists in another one is not revealed."""

    code = "NOT_FOUND"
