"""Where a secret belongs. The vault knows records by their ids alone, not by their kind."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Place:
    """A field of a record of a workspace; a value sealed for one place opens at no other."""

    workspace: str
    record: str
    field: str = ""
    """Empty for a record that holds several values by field."""

    def at(self, field: str) -> "Place":
        """Return the place of one field of the record."""
        return replace(self, field=field)
