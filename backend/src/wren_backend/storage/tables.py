"""What tables share: the metadata with its naming rules, and column types that work on both databases.

Datetimes are SQLModel's `UTCDateTime`: aware in, aware UTC out, and a naive one is refused.
"""

import math
from enum import StrEnum
from typing import Any

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


def storable_text(text: str) -> str:
    """Replace what a text column cannot hold: NUL (PostgreSQL refuses it) and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def storable_json(value: Any) -> Any:
    """Return a JSON value made storable: text as in `storable_text`, NaN and the infinities as text."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable_text(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
