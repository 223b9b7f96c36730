"""What can be wrong with a document."""

from wren_core.errors import AgentFixableError


class DocumentInvalid(AgentFixableError):
    """The document cannot be read as OpenAPI; the message says why."""

    code = "OPENAPI_INVALID"


class NodeInvalid(ValueError):
    """A place of the document is not written as OpenAPI has it.

    Args:
        pointer: JSON pointer to the place.
        reason: what is wrong there.
    """

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(f"{pointer}: {reason}" if pointer else reason)
        self.pointer = pointer


class OperationUnsupported(ValueError):
    """An operation needs what a binding cannot express; the message says what."""
