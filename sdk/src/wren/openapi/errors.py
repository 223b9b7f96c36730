"""The errors of an import."""

from wren_core.errors import AgentFixableError


class DocumentInvalid(AgentFixableError):
    """The document cannot be read as OpenAPI; the message says why."""

    code = "OPENAPI_INVALID"


class NodeInvalid(ValueError):
    """A part of the document is not valid OpenAPI.

    Args:
        pointer: JSON pointer to the part.
        reason: what is wrong there.
    """

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer}: {reason}" if pointer else reason)
        self.pointer = pointer


class OperationUnsupported(ValueError):
    """An operation needs something that a binding cannot express; the message names it."""
