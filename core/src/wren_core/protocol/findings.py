"""One problem of a script, as a check finds it: the same on its author's machine and on a server."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from wren_core.protocol.calls import Name

Severity = Literal["error", "warning", "note"]
"""An error keeps a script from being deployed; a warning is probably a mistake; a note says what to know."""
MAX_FINDINGS = 500
"""Most findings of one script."""
Text = Annotated[str, Field(max_length=4000)]


@dataclass(frozen=True, kw_only=True)
class ScriptFinding:
    """One problem of a script, and how to fix it."""

    code: Name
    message: Text
    file: Text
    line: int | None = None
    """Counted from 1."""
    column: int | None = None
    """Counted from 1, in characters."""
    severity: Severity = "error"
    hint: Text | None = None
    """The next step, if the message does not say it."""

    @property
    def place(self) -> str:
        """`file:line:column`, as editors understand it."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON form, without what is not known."""
        return {name: value for name, value in vars(self).items() if value is not None}
