"""The choices of the user who imports a document."""

from dataclasses import dataclass
from typing import Literal

from wren.openapi import python_names

AuthChoice = Literal["bearer", "basic", "none"] | str
"""`bearer`, `basic`, `none`, `header:NAME` or `query:NAME`."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which operations, from which server, under which name."""

    name: str | None = None
    tags: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    """Operation ids, ids of methods, or `GET /path`."""
    server: str | None = None
    config: tuple[str, ...] = ()
    """Headers and parameters that are configured once, not passed with each call."""
    omit: frozenset[str] = frozenset()
    """Parameters that are left out."""
    auth: AuthChoice | None = None
    """How to connect, instead of the security schemes of the document."""
    allows_missing: bool = False
    """Answers may lack fields that the document requires."""

    def configured(self, wire_name: str) -> str | None:
        """Return the configuration field of a parameter, or None for one that is passed."""
        wanted = {item.lower() for item in self.config}
        return python_names.config_name(wire_name) if wire_name.lower() in wanted else None
