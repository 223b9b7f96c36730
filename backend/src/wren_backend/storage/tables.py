"""What tables share: the metadata with its naming rules, and column types that work on both databases.

Datetimes are SQLModel's `UTCDateTime`: aware in, aware UTC out, and a naive one is refused.
"""

from enum import StrEnum

from sqlalchemy import JSON, Enum, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

# Every constraint has a name, so that a migration can drop it on either database.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """Base of every table of the backend."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def json_document() -> JSON:
    """Return the column type of a JSON value: JSONB on PostgreSQL, JSON text on SQLite."""
    return JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def stored_enum(values: type[StrEnum]) -> Enum:
    """Return the column type of an enumeration: its values as text, checked on the way in."""
    return Enum(
        values,
        native_enum=False,
        length=20,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
    )
