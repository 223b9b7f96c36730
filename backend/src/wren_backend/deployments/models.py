"""Tables of deployments: a stored script under a name, and its versions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field

from wren_backend.storage.tables import Table, json_document, stored_enum

_NOT_UNDEPLOYED = text("status <> 'undeployed'")


class DeploymentStatus(StrEnum):
    """Whether a deployment's triggers fire."""

    ACTIVE = "active"
    PAUSED = "paused"
    UNDEPLOYED = "undeployed"
    """No trigger fires, its runs stay readable, and its name is free."""


class Deployment(Table, table=True):
    """A script that the platform runs, under one name in its workspace."""

    __tablename__ = "deployments"
    __table_args__ = (
        Index(
            "uq_deployments_name",
            *("workspace_id", "name_key"),
            unique=True,
            sqlite_where=_NOT_UNDEPLOYED,
            postgresql_where=_NOT_UNDEPLOYED,
        ),
        Index("ix_deployments_newest", "workspace_id", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE")
    """Who deployed the current version; its runs use this user's connections."""
    name: str
    name_key: str
    """The folded name: two names that people cannot tell apart have the same key."""
    status: DeploymentStatus = Field(sa_type=stored_enum(DeploymentStatus))
    version: int = 1
    created_at: datetime
    updated_at: datetime
    undeployed_at: datetime | None = None


class DeploymentVersion(Table, table=True):
    """One script as it was deployed; never changed."""

    __tablename__ = "deployment_versions"
    __table_args__ = (UniqueConstraint("deployment_id", "version"),)

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    deployment_id: str = Field(foreign_key="deployments.id", ondelete="CASCADE")
    version: int
    script: str = Field(sa_type=Text, repr=False)
    script_sha256: str
    declared: dict[str, Any] = Field(sa_type=json_document())
    """The script's metadata: integrations, triggers, schedules."""
    created_by: str
    created_at: datetime
