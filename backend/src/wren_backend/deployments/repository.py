"""Deployments: a name with its versions, and whether its triggers fire."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ScalarSelect, func
from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from wren_backend.deployments.models import Deployment, DeploymentStatus, DeploymentVersion
from wren_backend.ids import new_id
from wren_backend.runs.models import Run, RunStatus
from wren_backend.runs.repository import cancel_queued
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.storage.pagination import Page, Position, older_than, page_of
from wren_backend.tenancy.models import User
from wren_backend.tenancy.names import name_key
from wren_backend.tenancy.ownership import name_of_user
from wren_backend.triggers import repository as triggers
from wren_backend.triggers.models import Trigger, TriggerStatus
from wren_core.errors import AgentFixableError, UserFacingConfigError

# Up to 1 MiB each: a list of versions leaves them where they are.
_SCRIPT = cast(QueryableAttribute[str], DeploymentVersion.script)


class DeploymentOwned(UserFacingConfigError):
    """The name belongs to a deployment of another user, whose accounts its runs use."""

    code = "DEPLOYMENT_OWNED"


class DeploymentNameTaken(AgentFixableError):
    """Another deployment has a name that people cannot tell from this one."""

    code = "NAME_TAKEN"


@dataclass(frozen=True, kw_only=True)
class NewScript:
    """A script to deploy: its name as `names.clean_name` returns it, its source, and what it declares."""

    name: str
    script: str
    declared: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class StoredVersion:
    """A deployment and the version that was just stored."""

    deployment: Deployment
    version: DeploymentVersion


@dataclass(frozen=True, kw_only=True)
class DeploymentOverview:
    """A deployment as lists show it."""

    deployment: Deployment
    owner: str
    """Name of the user who deployed the current version; its runs use this user's accounts."""
    triggers: int
    last_run: datetime | None
    last_status: RunStatus | None
    next_run: datetime | None


def create_or_new_version(
    session: WriteSession, workspace_id: str, user_id: str, script: NewScript, *, take_over: bool = False, now: datetime
) -> StoredVersion:
    """Store a script under its name: as a new deployment, or as the next version of the one that has the name.

    With `take_over`, the user becomes the owner of a deployment of another one.

    Either way it is active afterwards, and its runs use the connections of this user. Call `triggers.sync` in the
    same transaction.

    Raises:
        DeploymentNameTaken: a deployment whose name differs only in case or compatibility forms.
        DeploymentOwned: the name belongs to a deployment of another user.
    """
    stored: Deployment | None = None
    while stored is None:  # repeats only when a rival undeploys the holder of the name between the two statements
        stored = session.insert_new(_new_deployment(workspace_id, user_id, script.name, now))
        stored = stored or _raise_version(session, workspace_id, user_id, script.name, take_over=take_over, now=now)
    version = _new_version(stored, script, now)
    session.add(version)
    session.flush()
    return StoredVersion(deployment=stored, version=version)


def find_deployment(session: ReadSession, workspace_id: str, deployment_id: str) -> Deployment | None:
    """Find a deployment of that workspace, undeployed or not."""
    statement = select(Deployment).where(Deployment.workspace_id == workspace_id, Deployment.id == deployment_id)
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def find_version(session: ReadSession, workspace_id: str, deployment_id: str, version: int) -> DeploymentVersion | None:
    """Find one version of a deployment of that workspace, with its script."""
    statement = select(DeploymentVersion).where(
        DeploymentVersion.workspace_id == workspace_id,
        DeploymentVersion.deployment_id == deployment_id,
        DeploymentVersion.version == version,
    )
    return session.exec(statement).one_or_none()


def list_versions(
    session: ReadSession, workspace_id: str, deployment_id: str, *, limit: int, after: Position | None = None
) -> Page[DeploymentVersion]:
    """List versions of a deployment of that workspace, without scripts, newest first, after the position `after`."""
    statement = select(DeploymentVersion).where(
        DeploymentVersion.workspace_id == workspace_id, DeploymentVersion.deployment_id == deployment_id
    )
    if after is not None:
        statement = statement.where(DeploymentVersion.version < int(after.id))
    newest_first = statement.order_by(col(DeploymentVersion.version).desc()).limit(limit + 1)
    rows = list(session.exec(newest_first.options(defer(_SCRIPT, raiseload=True))))
    return page_of(rows, limit, lambda row: Position(created_at=row.created_at, id=str(row.version)))


def find_overview(session: ReadSession, workspace_id: str, deployment_id: str) -> DeploymentOverview | None:
    """Find a deployment of that workspace as lists show it, undeployed or not."""
    statement = _select_overviews().where(Deployment.workspace_id == workspace_id, Deployment.id == deployment_id)
    row = session.exec(statement).one_or_none()
    return None if row is None else _read_overview(row)


def list_overviews(
    session: ReadSession, workspace_id: str, *, limit: int, after: Position | None = None
) -> Page[DeploymentOverview]:
    """List the deployments of a workspace that are not undeployed, newest first, in one query."""
    statement = _select_overviews().where(
        Deployment.workspace_id == workspace_id, Deployment.status != DeploymentStatus.UNDEPLOYED
    )
    if after is not None:
        statement = statement.where(older_than(after, col(Deployment.created_at), col(Deployment.id)))
    newest_first = statement.order_by(col(Deployment.created_at).desc(), col(Deployment.id).desc())
    rows = [_read_overview(row) for row in session.exec(newest_first.limit(limit + 1))]
    return page_of(rows, limit, _position_of)


def count_deployed(session: ReadSession, workspace_id: str) -> int:
    """Count the deployments of a workspace that are not undeployed, for quotas."""
    deployed = (Deployment.workspace_id == workspace_id, Deployment.status != DeploymentStatus.UNDEPLOYED)
    return session.exec(select(func.count()).select_from(Deployment).where(*deployed)).one()


def undeploy(session: WriteSession, workspace_id: str, deployment_id: str, *, now: datetime) -> Deployment | None:
    """Undeploy: no trigger fires after this, queued runs are cancelled, the name is free, a started run finishes.

    None where that workspace has no such deployment.
    """
    row = _lock(session, workspace_id, deployment_id)
    if row is None:
        return None
    row.status, row.undeployed_at, row.updated_at = DeploymentStatus.UNDEPLOYED, now, now
    triggers.silence(session, workspace_id, deployment_id, now=now)
    cancel_queued(session, workspace_id, deployment_id, now=now)
    session.flush()
    return row


def pause(session: WriteSession, workspace_id: str, deployment_id: str, *, now: datetime) -> Deployment | None:
    """Keep a deployment's triggers from firing; it can still be run by hand. None where there is no such deployment."""
    row = _lock(session, workspace_id, deployment_id)
    if row is None:
        return None
    row.status, row.updated_at = DeploymentStatus.PAUSED, now
    triggers.silence(session, workspace_id, deployment_id, now=now)
    session.flush()
    return row


def resume(session: WriteSession, workspace_id: str, deployment_id: str, *, now: datetime) -> Deployment | None:
    """Let a paused deployment's triggers fire from now on; fire times that passed get no run.

    None where there is no such deployment.
    """
    row = _lock(session, workspace_id, deployment_id)
    if row is None or row.status is DeploymentStatus.ACTIVE:
        return row
    row.status, row.updated_at = DeploymentStatus.ACTIVE, now
    triggers.reschedule(session, workspace_id, deployment_id, now=now)
    session.flush()
    return row


def lock_deployed(session: WriteSession, workspace_id: str, deployment_id: str) -> Deployment | None:
    """Return a deployment and keep it unchanged until this transaction ends; None where it was undeployed.

    The lock is shared: firing does not wait for firing.
    """
    return _lock(session, workspace_id, deployment_id, is_shared=True)


def _lock(
    session: WriteSession, workspace_id: str, deployment_id: str, *, is_shared: bool = False
) -> Deployment | None:
    statement = select(Deployment).where(
        Deployment.workspace_id == workspace_id,
        Deployment.id == deployment_id,
        Deployment.status != DeploymentStatus.UNDEPLOYED,
    )
    # SQLite lets one writer in at a time and leaves the clause out.
    locked = statement.with_for_update(read=is_shared).execution_options(populate_existing=True)
    return session.exec(locked).one_or_none()


def _raise_version(
    session: WriteSession, workspace_id: str, user_id: str, name: str, *, take_over: bool, now: datetime
) -> Deployment | None:
    statement = select(Deployment).where(*_has_name(workspace_id, name)).with_for_update()
    row = session.exec(statement.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    if row.name != name:
        raise DeploymentNameTaken(
            f"the name {name!r} cannot be told from {row.name!r}, which is deployed; use that name or another one",
            details={"field": "name", "existing": row.name},
        )
    if row.user_id != user_id and not take_over:
        raise _owned_by_another(session, row)
    row.version += 1
    row.user_id, row.status, row.updated_at = user_id, DeploymentStatus.ACTIVE, now
    return row


def _owned_by_another(session: ReadSession, row: Deployment) -> DeploymentOwned:
    name = name_of_user(session, row.workspace_id, row.user_id)
    return DeploymentOwned(
        f"{row.name!r} is deployed by {name}, and its runs use the accounts of {name}; choose another name. An "
        "admin of the workspace may take it over (`wren deploy --take-over`): its runs then use the admin's accounts",
        details={"field": "name", "deployment_id": row.id, "owner": name},
    )


def _has_name(workspace_id: str, name: str) -> tuple[bool, ...]:
    return (
        Deployment.workspace_id == workspace_id,
        Deployment.name_key == name_key(name),
        Deployment.status != DeploymentStatus.UNDEPLOYED,
    )


def _new_deployment(workspace_id: str, user_id: str, name: str, now: datetime) -> Deployment:
    return Deployment(
        id=new_id("dep"),
        workspace_id=workspace_id,
        user_id=user_id,
        name=name,
        name_key=name_key(name),
        status=DeploymentStatus.ACTIVE,
        created_at=now,
        updated_at=now,
    )


def _new_version(deployment: Deployment, script: NewScript, now: datetime) -> DeploymentVersion:
    return DeploymentVersion(
        id=new_id("ver"),
        workspace_id=deployment.workspace_id,
        deployment_id=deployment.id,
        version=deployment.version,
        script=script.script,
        script_sha256=hashlib.sha256(script.script.encode()).hexdigest(),
        declared=dict(script.declared),
        created_by=deployment.user_id,
        created_at=now,
    )


_OverviewRow = tuple[Deployment, int, datetime | None, datetime | None, RunStatus | None, str]
_Overviews = Select[Deployment, int, datetime | None, datetime | None, RunStatus | None, str]


def _select_overviews() -> _Overviews:
    active = (Trigger.deployment_id == Deployment.id, Trigger.status == TriggerStatus.ACTIVE)
    count: ScalarSelect[int] = select(func.count()).select_from(Trigger).where(*active).scalar_subquery()
    next_run: ScalarSelect[datetime | None] = select(func.min(Trigger.next_fire_at)).where(*active).scalar_subquery()
    runs = select(func.max(Run.started_at)).where(Run.deployment_id == Deployment.id)
    last_run: ScalarSelect[datetime | None] = runs.scalar_subquery()
    latest = select(Run.status).where(Run.deployment_id == Deployment.id, col(Run.started_at).is_not(None))
    last_status = latest.order_by(col(Run.started_at).desc(), col(Run.id).desc()).limit(1).scalar_subquery()
    owner: ScalarSelect[str] = select(User.name).where(User.id == Deployment.user_id).scalar_subquery()
    # SQLModel's `select` is typed for four columns.
    return cast("_Overviews", select(Deployment, count, last_run, next_run).add_columns(last_status, owner))


def _read_overview(row: _OverviewRow) -> DeploymentOverview:
    deployment, count, last_run, next_run, last_status, owner = row
    return DeploymentOverview(
        deployment=deployment,
        owner=owner,
        triggers=count,
        last_run=last_run,
        last_status=last_status,
        next_run=next_run,
    )


def _position_of(overview: DeploymentOverview) -> Position:
    return Position(created_at=overview.deployment.created_at, id=overview.deployment.id)
