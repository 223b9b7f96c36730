"""Factories for tests of the backend: real rows in a real database, each with sensible values."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from wren_backend.connections import repository as connections
from wren_backend.connections.credentials.run_credentials import RunCredentials
from wren_backend.connections.credentials.service import CredentialService
from wren_backend.connections.models import Connection
from wren_backend.deployments import repository as deployments
from wren_backend.deployments.models import Deployment
from wren_backend.ids import new_id
from wren_backend.runs import repository as runs
from wren_backend.runs.models import Run
from wren_backend.storage.database import Database
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject
from wren_backend.triggers import repository as triggers
from wren_backend.triggers.declaration import TriggerDeclaration
from wren_backend.triggers.models import Trigger

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
"""A Monday morning."""
HOURLY = TriggerDeclaration(type="schedule", func="report", config={"cron": "0 * * * *", "timezone": "UTC"})


class FactoryFailed(Exception):
    """A factory could not make its row: the test or the code under test is wrong."""


def add_subject(database: Database, *, now: datetime = NOW) -> Subject:
    """Make a new workspace with one user."""
    with database.writing() as session:
        workspace = tenancy.add_workspace(session, new_id("ws").lower(), name="Test", now=now)
        if workspace is None:
            raise FactoryFailed("the slug is taken")
        user = tenancy.add_user(session, workspace.id, name="tester", now=now)
    return Subject(workspace_id=workspace.id, user_id=user.id)


def add_connection(
    database: Database,
    subject: Subject,
    integration: str = "mail",
    *,
    alias: str = connections.DEFAULT_ALIAS,
    expires_at: datetime | None = None,
    now: datetime = NOW,
) -> Connection:
    """Make an active connection without credentials."""
    with database.writing() as session:
        row = connections.create_pending(session, subject, integration, alias=alias, now=now)
        active = connections.activate(session, subject, row.id, connections.Grant(expires_at=expires_at), now=now)
    if active is None:
        raise FactoryFailed("the connection cannot be activated")
    return active


def add_deployment(
    database: Database,
    subject: Subject,
    *,
    name: str = "report",
    script: str = "import wren\n",
    declarations: Sequence[TriggerDeclaration] = (HOURLY,),
    now: datetime = NOW,
) -> Deployment:
    """Deploy a script under a name, as a new deployment or its next version."""
    declared = {"integrations": [], "triggers": [{"type": item.type, "func": item.func} for item in declarations]}
    content = deployments.NewScript(name=name, script=script, declared=declared)
    with database.writing() as session:
        stored = deployments.create_or_new_version(session, subject.workspace_id, subject.user_id, content, now=now)
        triggers.sync(session, subject.workspace_id, stored.deployment.id, declarations, now=now)
    return stored.deployment


def triggers_of(database: Database, deployment: Deployment) -> list[Trigger]:
    """Read the active triggers of a deployment."""
    with database.reading() as session:
        return triggers.list_triggers(session, deployment.workspace_id, deployment.id)


def add_run(database: Database, deployment: Deployment, *, event_key: str | None = None, now: datetime = NOW) -> Run:
    """Queue a run of a deployment, as started by hand."""
    with database.writing() as session:
        current = deployments.lock_deployed(session, deployment.workspace_id, deployment.id)
        if current is None:
            raise FactoryFailed("the deployment takes no runs")
        request = runs.RunRequest(
            workspace_id=current.workspace_id,
            deployment_id=current.id,
            version=current.version,
            user_id=current.user_id,
            func="report",
            trigger_type="manual",
            event={"trigger": "manual", "payload": {}},
            event_key=event_key or new_id("corr"),
        )
        return runs.enqueue(session, request, now=now).run


def open_credentials(service: CredentialService, subject: Subject, integrations: Iterable[str]) -> RunCredentials:
    """Open the default connection of each integration, as a run of the subject does. Raises as `select` does."""
    chosen = [service.select(subject, name) for name in dict.fromkeys(integrations)]
    opened = [service.open(connection) for connection in chosen if connection is not None]
    return RunCredentials(opened, refresh=service.refresh)
