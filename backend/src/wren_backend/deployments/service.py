"""Use cases of deployments: deploy, read, run by hand, pause, undeploy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from wren_backend.clock import Clock
from wren_backend.deployments import repository as deployments
from wren_backend.deployments.declaration import Declaration, check_agreement
from wren_backend.deployments.models import Deployment, DeploymentVersion
from wren_backend.deployments.quota import QueueFull, QuotaExceeded
from wren_backend.deployments.reader import ScriptReader
from wren_backend.deployments.reading import (
    ReadScript,
    ScriptNeedsPlugin,
    ScriptRefused,
    Verdict,
    combine_problems,
)
from wren_backend.deployments.repository import DeploymentOverview, DeploymentOwned, NewScript, StoredVersion
from wren_backend.deployments.results import DeploymentDetails, DeploymentLimits, DeployResult
from wren_backend.deployments.starting import (
    check_repeated_start,
    choose_function,
    choose_name,
    make_start,
    make_start_key,
)
from wren_backend.idempotency import repository as idempotency
from wren_backend.idempotency.repository import KeyedRequest, StoredReply
from wren_backend.runs import cost_repository as run_costs
from wren_backend.runs import repository as runs
from wren_backend.runs.models import Run
from wren_backend.runs.money import month_of
from wren_backend.storage.database import Database, WriteSession
from wren_backend.storage.pagination import CursorCodec
from wren_backend.tenancy.auth import Subject
from wren_backend.tenancy.errors import MissingObject, NotAllowed
from wren_backend.tenancy.names import clean_name
from wren_backend.tenancy.ownership import require_owner
from wren_backend.triggers import repository as triggers
from wren_core.errors import WrenError

log = structlog.get_logger()

_LIST_NAME = "deployments"


@dataclass(frozen=True, kw_only=True)
class DeploymentService:
    """What a subject may do with deployments of its workspace."""

    database: Database
    clock: Clock
    cursors: CursorCodec
    reader: ScriptReader
    find_quota_problem: Callable[[Subject], WrenError | None]
    """Finds what keeps a subject from deploying another script."""
    wake: Callable[[], None]
    limits: DeploymentLimits

    def deploy(
        self,
        subject: Subject,
        *,
        script: str,
        render: Callable[[DeployResult], StoredReply],
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        take_over: bool = False,
        request: KeyedRequest | None = None,
    ) -> StoredReply:
        """Check a script, store it as a new version of its name, and let its triggers fire.

        The script is described in the sandbox: stored is what the script declares, not what the client sent.

        Args:
            subject: who deploys; its runs will use this user's connections.
            script: Python source.
            render: shapes the answer that is stored with the idempotency key.
            name: the deployment's name; the first trigger's function where none is given.
            metadata: compared with what the script declares.
            take_over: replace a deployment of another user, as an admin may.
            request: the idempotency key; a repeated one gets the first answer.

        Raises:
            ScriptRefused: the check has errors, those of `wren test`.
            ScriptNeedsPlugin: plugins that it uses could not be loaded.
            DeploymentOwned: another user deployed it, and `take_over` is not given.
            NotAllowed: `take_over` is given, and the subject is no admin.
            ScriptTooLarge, InvalidInput (NAME_INVALID), MetadataMismatch, TriggerUnsupported: fix the script or the
                request.
            UserFacingConfigError: an integration it uses must be connected first; carries `action_url`.
        """
        if request is not None and (answered := self._find_reply(request)):
            return answered
        wanted = None if name is None else clean_name(name)
        read = self.reader.read(subject, script, wanted)
        if read.problems:
            raise combine_problems(read.problems)
        if metadata is not None:
            check_agreement(read.declaration, Declaration.of(metadata))
        declared = {**read.declaration.to_wire(), **({"ai_integration": read.ai} if read.ai else {})}
        new = NewScript(name=wanted or choose_name(read.metadata), script=script, declared=declared)
        return self._store(subject, new, read, request, render, take_over=take_over)

    def validate(self, subject: Subject, *, script: str, name: str | None = None) -> Verdict:
        """Check a script as `deploy` does, and store nothing.

        Raises:
            WrenError: the script cannot be read at all: it is too large, not text, or does not end.
        """
        wanted = None if name is None else clean_name(name)
        try:
            read = self.reader.read(subject, script, wanted)
        except (ScriptRefused, ScriptNeedsPlugin) as exc:
            return Verdict(findings=exc.findings)
        quota = self.find_quota_problem(subject)
        return Verdict(
            findings=read.findings,
            problems=(*read.problems, *([] if quota is None else [quota])),
            warnings=tuple(self.reader.list_warnings(read.declaration.integrations)),
        )

    def start(
        self,
        subject: Subject,
        deployment_id: str,
        *,
        func: str | None = None,
        payload: Mapping[str, Any] | None = None,
        key: str | None = None,
        correlation_id: str,
    ) -> Run:
        """Queue a run by hand; it uses the accounts of the deployment's owner.

        Args:
            subject: who starts it.
            deployment_id: of this deployment's current version.
            func: the function; the only one with triggers where none is given.
            payload: what the event carries.
            key: the idempotency key of the subject; a start repeated with it returns the run of the first.
            correlation_id: of the request.

        Raises:
            MissingObject: no such deployment in this workspace, or it was undeployed.
            NotAllowed: another user owns it.
            AgentFixableError: FUNC_REQUIRED where the script has several triggered functions.
            QueueFull: the workspace has as many queued runs as it may.
            IdempotencyConflict: the key belongs to a start of another function or with another payload.
        """
        with self.database.writing() as session:
            deployment = deployments.lock_deployed(session, subject.workspace_id, deployment_id)
            if deployment is None:
                raise _missing(deployment_id)
            require_owner(session, subject, deployment.user_id, repr(deployment.name))
            declared = triggers.list_triggers(session, subject.workspace_id, deployment_id)
            chosen = func or choose_function(declared)
            request = runs.RunRequest(
                workspace_id=subject.workspace_id,
                deployment_id=deployment_id,
                version=deployment.version,
                user_id=deployment.user_id,
                func=chosen,
                trigger_type="manual",
                event=make_start(declared, chosen, payload or {}, self.clock.now()),
                event_key=make_start_key(subject.user_id, key),
                correlation_id=correlation_id,
            )
            queued = runs.enqueue(session, request, now=self.clock.now())
            if queued.is_new:
                self._check_queue(session, subject)
            else:
                check_repeated_start(queued.run, request)
        self.wake()
        return queued.run

    def _check_queue(self, session: WriteSession, subject: Subject) -> None:
        """Refuse the run that was just queued where the workspace has no room for it."""
        most = self.limits.max_queued
        if runs.count_queued(session, subject.workspace_id, most=most + 1) > most:
            raise QueueFull(f"{most} runs of this workspace are queued; wait, or cancel some")

    def get(self, subject: Subject, deployment_id: str) -> DeploymentDetails:
        """Return a deployment, undeployed or not; every user of the workspace sees what it declares and whose it is.

        Raises:
            MissingObject: no such deployment in this workspace.
        """
        workspace_id, month = subject.workspace_id, month_of(self.clock.now())
        with self.database.reading() as session:
            overview = deployments.find_overview(session, workspace_id, deployment_id)
            if overview is None:
                raise _missing(deployment_id)
            number = overview.deployment.version
            version = deployments.find_version(session, workspace_id, deployment_id, number)
            if version is None:
                raise _missing(deployment_id)
            return DeploymentDetails(
                overview=overview,
                version=version,
                triggers=tuple(triggers.list_triggers(session, workspace_id, deployment_id)),
                cost=run_costs.sum_of_deployment(session, workspace_id, deployment_id),
                cost_this_month=run_costs.sum_of_deployment(session, workspace_id, deployment_id, month=month),
            )

    def check_exists(self, subject: Subject, deployment_id: str) -> None:
        """Return where the workspace has the deployment, undeployed or not.

        Raises:
            MissingObject: no such deployment in this workspace.
        """
        with self.database.reading() as session:
            if deployments.find_deployment(session, subject.workspace_id, deployment_id) is None:
                raise _missing(deployment_id)

    def list_page(
        self, subject: Subject, *, limit: int, cursor: str | None = None
    ) -> tuple[Sequence[DeploymentOverview], str | None]:
        """Return a page of deployments, newest first, and the cursor of the next page."""
        workspace_id = subject.workspace_id
        after = self.cursors.decode(cursor, workspace_id=workspace_id, of=_LIST_NAME)
        with self.database.reading() as session:
            page = deployments.list_overviews(session, workspace_id, limit=limit, after=after)
        return page.items, self.cursors.encode(page.next, workspace_id=workspace_id, of=_LIST_NAME)

    def list_versions(
        self, subject: Subject, deployment_id: str, *, limit: int, cursor: str | None = None
    ) -> tuple[list[DeploymentVersion], str | None]:
        """Return a page of a deployment's versions, newest first and without their scripts, and the next cursor.

        Raises:
            MissingObject: no such deployment in this workspace.
            CursorInvalid: the cursor is not one of this deployment.
        """
        workspace_id, of = subject.workspace_id, f"versions of {deployment_id}"
        after = self.cursors.decode(cursor, workspace_id=workspace_id, of=of)
        with self.database.reading() as session:
            if deployments.find_deployment(session, workspace_id, deployment_id) is None:
                raise _missing(deployment_id)
            page = deployments.list_versions(session, workspace_id, deployment_id, limit=limit, after=after)
        return page.items, self.cursors.encode(page.next, workspace_id=workspace_id, of=of)

    def undeploy(self, subject: Subject, deployment_id: str) -> Deployment:
        """Undeploy: none of its triggers fires after this.

        Raises:
            MissingObject: no such deployment in this workspace, or it was undeployed.
            NotAllowed: another user owns it.
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
            require_owner(session, subject, changed.user_id, repr(changed.name))  # raises: nothing is changed
        log.info(f"deployment.{changed.status}", deployment_id=deployment_id)
        return changed

    def _find_reply(self, request: KeyedRequest) -> StoredReply | None:
        with self.database.reading() as session:
            return idempotency.find_reply(session, request, now=self.clock.now())

    def _store(
        self,
        subject: Subject,
        new: NewScript,
        read: ReadScript,
        request: KeyedRequest | None,
        render: Callable[[DeployResult], StoredReply],
        *,
        take_over: bool,
    ) -> StoredReply:
        now = self.clock.now()
        with self.database.writing() as session:
            if request is not None and (answered := idempotency.begin(session, request, now=now)):
                return answered
            stored = self._store_version(session, subject, new, take_over=take_over, now=now)
            self._check_quota(session, stored.deployment)
            synced = triggers.sync(
                session, subject.workspace_id, stored.deployment.id, read.declaration.triggers, now=now
            )
            made = DeployResult(
                deployment=stored.deployment, version=stored.version, triggers=tuple(synced), findings=read.findings
            )
            reply = render(made)
            if request is not None:
                idempotency.complete(session, request, reply)
        log.info("deployment.stored", deployment_id=stored.deployment.id, version=stored.version.version)
        return reply

    def _store_version(
        self, session: WriteSession, subject: Subject, new: NewScript, *, take_over: bool, now: datetime
    ) -> StoredVersion:
        workspace_id, may_take = subject.workspace_id, take_over and subject.is_admin
        try:
            return deployments.create_or_new_version(
                session, workspace_id, subject.user_id, new, take_over=may_take, now=now
            )
        except DeploymentOwned as exc:
            if take_over:
                raise NotAllowed(exc.message, details=exc.details) from exc
            raise

    def _check_quota(self, session: WriteSession, deployment: Deployment) -> None:
        if deployment.version > 1:
            return  # a new version is accepted even where the operator has lowered the limit
        session.lock(f"deployments of {deployment.workspace_id}")  # so that of two rivals the second counts the first
        if deployments.count_deployed(session, deployment.workspace_id) > self.limits.max_deployments:
            raise QuotaExceeded(self.limits.max_deployments)


def _missing(deployment_id: str) -> MissingObject:
    message = f"there is no deployment {deployment_id!r} in this workspace"
    return MissingObject(message, details={"deployment_id": deployment_id})
