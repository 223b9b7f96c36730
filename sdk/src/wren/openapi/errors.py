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


class ReferenceOutside(NodeInvalid):
    """A reference leads to another document, which cannot be read.

    Args:
        pointer: JSON pointer to the reference.
        reason: where it leads, and why that cannot be read.
        is_file: it names a file, not an address.
    """

    def __init__(self, pointer: str, reason: str, *, is_file: bool) -> None:
        super().__init__(pointer, reason)
        self.is_file = is_file

    def refusal(self) -> DocumentInvalid:
        """Return the error that refuses the whole document."""
        cure = "bundle the document into one file first, for example with `npx @redocly/cli bundle`"
        return DocumentInvalid(f"{self}; {cure}", details={"pointer": self.pointer})


class OperationUnsupported(ValueError):
    """An operation needs something that a binding cannot express; the message names it."""
