"""Table of integration definitions."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Enum, Index, Text
from sqlmodel import Field

from wren_backend.storage.tables import Table, json_document, stored_enum


class AuthTypeName(StrEnum):
    """How an integration is connected."""

    OAUTH2 = "oauth2"
    APIKEY = "apikey"
    CUSTOM = "custom"
    NONE = "none"


class DefinitionSource(StrEnum):
    """Where a definition comes from."""

    PLUGIN = "plugin"
    """An installed distribution; the row changes with it."""
    DECLARED = "declared"
    """The operator; the row stays until it is removed."""


class StoredDefinition(Table, table=True):
    """One integration as it was last declared.

    The columns up to `ai_config` are for queries by people; Wren reads `document`, the same definition as JSON text.
    JSONB loses the order of keys, and the order of a method's parameters matters to its documents.
    """

    __tablename__ = "integration_definitions"
    __table_args__ = (
        Index("integration_definitions_integration_id_idx", "integration_id", unique=True),
        Index("integration_definitions_type_idx", "type"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    integration_id: str = Field(max_length=255)
    name: str = Field(max_length=255)
    description: str = Field(sa_type=Text)
    version: str = Field(max_length=50)
    type: str = Field(max_length=255)
    methods: list[dict[str, Any]] = Field(sa_type=json_document())
    config_schema: dict[str, Any] = Field(sa_type=json_document())
    auth_type: AuthTypeName = Field(
        sa_type=Enum(
            AuthTypeName,
            name="integration_auth_type",
            validate_strings=True,
            values_callable=lambda members: [member.value for member in members],
        )
    )
    oauth2_config: dict[str, Any] | None = Field(default=None, sa_type=json_document())
    ai_config: dict[str, Any] | None = Field(default=None, sa_type=json_document())
    source: DefinitionSource = Field(sa_type=stored_enum(DefinitionSource))
    distribution: str = Field(max_length=255)
    distribution_version: str = Field(max_length=255)
    fingerprint: str = Field(max_length=64)
    """Of what was installed when it was read; empty for a declared one."""
    digest: str = Field(max_length=64)
    """Of `document`."""
    document: str = Field(sa_type=Text)
    created_at: datetime
    updated_at: datetime
