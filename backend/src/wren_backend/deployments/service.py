"""Use cases of deployments: deploy, look at, run by hand, take away."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from wren_backend.clock import Clock
from wren_backend.deployments import repository as deployments
from wren_backend.deployments.declaration import Declaration, check_agreement, check_declaration
from wren_backend.deployments.models import Deployment, DeploymentVersion
from wren_backend.deployments.names import clean_name
from wren_backend.deployments.quota import QuotaExceeded
from wren_backend.deployments.repository import DeploymentOverview, NewScript
from wren_backend.deployments.script import check_script
from wren_backend.idempotency import repository as idempotency
from wren_backend.idempotency.repository import KeyedRequest, StoredReply
from wren_backend.ids import new_token
from wren_backend.runs import repository as runs
from wren_backend.runs.models import Run
from wren_backend.storage.database import Database, WriteSession
from wren_backend.storage.pagination import CursorCodec
from wren_backend.tenancy.auth import Subject
from wren_backend.tenancy.errors import MissingObject
from wren_backend.triggers import repository as triggers
from wren_backend.triggers.models import Trigger
from wren_core.contract.events import ManualStart
from wren_core.errors import AgentFixableError, WrenError

log = structlog.get_logger()

_LIST_NAME = "deployments"
_UNNAMED = "script"


class Describer(Protocol):
    """Extracts a script's metadata without trusting it."""

    def describe(
        self, source: str, *, filename: str, env: Mapping[str, str], definitions: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the metadata; raises AgentFixableError with file and line when the script cannot be loaded."""
        ...


class ConnectionCheck(Protocol):
    """Tells what keeps a subject from using integrations."""

    def __call__(
        self, subject: Subject, names: Sequence[str], accounts: Mapping[str, Sequence[str]]
    ) -> Sequence[WrenError]:
        """Return the problems; none when every integration is loaded, connected and usable, by each account named."""
        ...


class AISource(Protocol):
    """Chooses the ai integration of a script that names none."""

    def __call__(self, subject: Subject, *, declared: Collection[str]) -> str:
        """Return its name; raises UserFacingConfigError when a person must connect one."""
        ...


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What a deploy made."""

    deployment: Deployment
    version: DeploymentVersion
    triggers: tuple[Trigger, ...]

    @property
    def next_run(self) -> datetime | None:
        """Return when the first trigger fires next."""
        return min((item.next_fire_at for item in self.triggers if item.next_fire_at), default=None)


@dataclass(frozen=True, kw_only=True)
class DeploymentDetails:
    """A deployment with everything its page shows."""

    overview: DeploymentOverview
    version: DeploymentVersion
    triggers: tuple[Trigger, ...]


@dataclass(frozen=True, kw_only=True)
class DeploymentLimits:
    """What a workspace may deploy."""

    min_interval: timedelta
    max_script_bytes: int
    max_deployments: int


@dataclass(frozen=True, kw_only=True)
class DeploymentService:
    """Everything a subject may do with deployments of its workspace."""

    database: Database
    clock: Clock
    cursors: CursorCodec
    describer: Describer
    configuration: Callable[[Subject], Mapping[str, str]]
    """What operator and subject configured, by environment variable: a script may read it while it is imported."""
    declared: Callable[[str], Mapping[str, str]]
    """The definitions among the operator's that a script can name, by integration."""
    check_connections: ConnectionCheck
    choose_ai: AISource
    wake: Callable[[], None]
    limits: DeploymentLimits

    def deploy(
        self,
        subject: Subject,
        *,
        script: str,
        render: Callable[[Deployed], StoredReply],
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        request: KeyedRequest | None = None,
    ) -> StoredReply:
        """Check a script, store it as a new version of its name, and put its triggers on the clock.

        The script is described in the sandbox, so that what is stored is what it declares, not what somebody says.

        Args:
            subject: who deploys; its runs will use this user's connections.
            script: Python source.
            render: shapes the answer, which is stored with the idempotency key.
            name: the deployment's name; the first trigger's function where none is given.
            metadata: compared with what the script declares.
            request: the idempotency key; the same key gets the first answer again.

        Raises:
            ScriptTooLarge, InvalidInput (NAME_INVALID, CRON_INVALID), MetadataMismatch, TriggerUnsupported: fix the
                script or the request.
            UserFacingConfigError: an integration it uses must be connected first; carries `action_url`.
        """
        if request is not None and (answered := self._answered(request)):
            return answered
        check_script(script, max_bytes=self.limits.max_script_bytes)
        wanted = None if name is None else clean_name(name)
        described = self.describer.describe(
            script,
            filename=f"{wanted or _UNNAMED}.py",
            env=self.configuration(subject),
            definitions=self.declared(script),
        )
        extracted = Declaration.of(described)
        if metadata is not None:
            check_agreement(extracted, Declaration.of(metadata))
        check_declaration(extracted, now=self.clock.now(), min_interval=self.limits.min_interval)
        ai = self._check_integrations(subject, extracted)
        declared = {**extracted.to_wire(), **({"ai_integration": ai} if ai else {})}
        new = NewScript(name=wanted or _default_name(described), script=script, declared=declared)
        return self._store(subject, new, extracted, request, render)

    def start(
        self,
        subject: Subject,
        deployment_id: str,
        *,
        func: str | None = None,
        payload: Mapping[str, Any] | None = None,
        correlation_id: str,
    ) -> Run:
        """Queue a run by hand.

        Raises:
            MissingObject: nothing of that id is deployed in this workspace.
            AgentFixableError: FUNC_REQUIRED where the script has several triggered functions.
        """
        now = self.clock.now()
        details = self.get(subject, deployment_id)
        request = runs.RunRequest(
            workspace_id=subject.workspace_id,
            deployment_id=deployment_id,
            func=func or _only_function(details),
            trigger_type="manual",
            event=ManualStart(payload=dict(payload or {})).model_dump(mode="json"),
            event_key=f"manual-{new_token()}",
            correlation_id=correlation_id,
        )
        with self.database.writing() as session:
            queued = runs.enqueue(session, request, now=now)
        if queued is None:
            raise _missing(deployment_id)
        self.wake()
        return queued.run

    def get(self, subject: Subject, deployment_id: str) -> DeploymentDetails:
        """Return a deployment.

        Raises:
            MissingObject: no such deployment in this workspace.
        """
        with self.database.reading() as session:
            overview = deployments.find_overview(session, subject.workspace_id, deployment_id)
            if overview is None:
                raise _missing(deployment_id)
            number = overview.deployment.version
            version = deployments.find_version(session, subject.workspace_id, deployment_id, number)
            if version is None:
                raise _missing(deployment_id)
            found = triggers.list_triggers(session, subject.workspace_id, deployment_id)
        return DeploymentDetails(overview=overview, version=version, triggers=tuple(found))

    def list_page(
        self, subject: Subject, *, limit: int, cursor: str | None = None
    ) -> tuple[Sequence[DeploymentOverview], str | None]:
        """Return a page of what is deployed, newest first, and the cursor of the next page."""
        workspace_id = subject.workspace_id
        after = None if cursor is None else self.cursors.decode(cursor, workspace_id=workspace_id, of=_LIST_NAME)
        with self.database.reading() as session:
            page = deployments.list_overviews(session, workspace_id, limit=limit, after=after)
        if page.next is None:
            return page.items, None
        return page.items, self.cursors.encode(page.next, workspace_id=workspace_id, of=_LIST_NAME)

    def list_versions(
        self, subject: Subject, deployment_id: str, *, limit: int, cursor: str | None = None
    ) -> tuple[list[DeploymentVersion], str | None]:
        """Return a page of a deployment's versions, newest first and without their scripts, and the next cursor.

        Raises:
            MissingObject: no such deployment in this workspace.
            CursorInvalid: the cursor is none of this deployment.
        """
        workspace_id, of = subject.workspace_id, f"versions of {deployment_id}"
        after = None if cursor is None else self.cursors.decode(cursor, workspace_id=workspace_id, of=of)
        with self.database.reading() as session:
            if deployments.find_deployment(session, workspace_id, deployment_id) is None:
                raise _missing(deployment_id)
            page = deployments.list_versions(session, workspace_id, deployment_id, limit=limit, after=after)
        return page.items, None if page.next is None else self.cursors.encode(
            page.next, workspace_id=workspace_id, of=of
        )

    def undeploy(self, subject: Subject, deployment_id: str) -> Deployment:
        """Take a deployment away: nothing of it fires any more.

        Raises:
            MissingObject: nothing of that id is deployed in this workspace.
        """
        return self._change(subject, deployment_id, deployments.undeploy)

    def pause(self, subject: Subject, deployment_id: str) -> Deployment:
        """Keep the triggers from firing; raises as `undeploy` does."""
        return self._change(subject, deployment_id, deployments.pause)

    def resume(self, subject: Subject, deployment_id: str) -> Deployment:
        """Let the triggers fire again; raises as `undeploy` does."""
        return self._change(subject, deployment_id, deployments.resume)

    def _change(self, subject: Subject, deployment_id: str, change: Callable[..., Deployment | None]) -> Deployment:
        with self.database.writing() as session:
            changed = change(session, subject.workspace_id, deployment_id, now=self.clock.now())
        if changed is None:
            raise _missing(deployment_id)
        log.info(f"deployment.{changed.status}", deployment_id=deployment_id)
        return changed

    def _check_integrations(self, subject: Subject, declaration: Declaration) -> str | None:
        """Return the ai integration of a script that needs one and names none, where all it uses is connected."""
        ai, unmet = None, list[WrenError]()
        if declaration.uses_ai:
            try:
                ai = self.choose_ai(subject, declared=declaration.integrations)
            except WrenError as exc:
                unmet.append(exc)
        names = dict.fromkeys([*declaration.integrations, *([ai] if ai else [])])
        problems = [*self.check_connections(subject, list(names), dict(declaration.accounts)), *unmet]
        if not problems:
            return ai
        first = problems[0]
        first.details["problems"] = [problem.to_wire() for problem in problems]
        raise first

    def _answered(self, request: KeyedRequest) -> StoredReply | None:
        with self.database.reading() as session:
            return idempotency.find_reply(session, request, now=self.clock.now())

    def _store(
        self,
        subject: Subject,
        new: NewScript,
        declaration: Declaration,
        request: KeyedRequest | None,
        render: Callable[[Deployed], StoredReply],
    ) -> StoredReply:
        now = self.clock.now()
        with self.database.writing() as session:
            if request is not None and (answered := idempotency.begin(session, request, now=now)):
                return answered
            stored = deployments.create_or_new_version(session, subject.workspace_id, subject.user_id, new, now=now)
            self._check_quota(session, stored.deployment)
            synced = triggers.sync(session, stored.deployment, declaration.triggers, now=now)
            reply = render(Deployed(deployment=stored.deployment, version=stored.version, triggers=tuple(synced)))
            if request is not None:
                idempotency.complete(session, request, reply)
        log.info("deployment.stored", deployment_id=stored.deployment.id, version=stored.version.version)
        return reply

    def _check_quota(self, session: WriteSession, deployment: Deployment) -> None:
        if deployment.version > 1:
            return  # what is deployed can be mended, also where the operator has lowered the limit since
        session.lock(f"deployments of {deployment.workspace_id}")  # of rivals, the last to count sees all of them
        if deployments.count_deployed(session, deployment.workspace_id) > self.limits.max_deployments:
            raise QuotaExceeded(self.limits.max_deployments)


def _default_name(described: Mapping[str, Any]) -> str:
    """Return the function of the trigger that comes first in the script, so that a later one changes no name."""
    return clean_name(next((trigger["func"] for trigger in described.get("triggers", ())), _UNNAMED))


def _only_function(details: DeploymentDetails) -> str:
    functions = sorted({trigger.func for trigger in details.triggers})
    if len(functions) == 1:
        return functions[0]
    said = f"{', '.join(functions)} have triggers" if functions else "no function of the script has a trigger"
    raise AgentFixableError(
        f"{said}; say which one to run with `func` (`wren run --func`)",
        code="FUNC_REQUIRED",
        details={"functions": functions},
    )


def _missing(deployment_id: str) -> MissingObject:
    message = f"there is no deployment {deployment_id!r} in this workspace"
    return MissingObject(message, details={"deployment_id": deployment_id})
