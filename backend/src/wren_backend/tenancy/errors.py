"""What a caller asked for is not in their workspace."""

from wren_core.errors import AgentFixableError


class MissingObject(AgentFixableError):
    """Nothing of that id exists in the caller's workspace; whether it exists elsewhere is not told."""

    code = "NOT_FOUND"
