"""One claimed run, from its row to its outcome."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from wren_backend.clock import Clock
from wren_backend.connections.credentials.run_credentials import RunCredentials
from wren_backend.definitions.declared import declared_documents
from wren_backend.deployments import repository as deployments
from wren_backend.deployments.models import Deployment, DeploymentVersion
from wren_backend.executor.ending import was_stopped
from wren_backend.executor.executor import Executor
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.port import Confinement, Outcome
from wren_backend.integrations.ai_choice import AISource
from wren_backend.outages import ServerExhausted
from wren_backend.runs.lease_repository import RunOutcome
from wren_backend.runs.models import Run, RunStatus
from wren_backend.storage.database import Database
from wren_backend.storage.errors import DatabaseBusy
from wren_backend.tenancy.auth import Subject
from wren_backend.worker.accounts import CredentialSource, open_accounts
from wren_backend.worker.allowed_hosts import allowed_hosts
from wren_backend.worker.environment import IntegrationOverride, job_connections, override_env
from wren_backend.worker.journal import RunJournal
from wren_backend.worker.requests import RunRequests
from wren_backend.worker.spending import RunSpending
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import InternalError, WrenError
from wren_core.plugins.registry import Registry
from wren_core.protocol.jobs import JobConnection, RunJob
from wren_core.protocol.variables import AI_INTEGRATION

log = structlog.get_logger()


class NotStarted(Exception):
    """The script was not started, and may start another time."""


@dataclass(frozen=True, kw_only=True)
class ActiveRun:
    """A claimed run while it is performed."""

    run: Run
    journal: RunJournal
    cancel: threading.Event = field(default_factory=threading.Event)
    """Set when the run must stop: a user cancelled it, the worker shuts down, or the lease is lost."""
    ended: threading.Event = field(default_factory=threading.Event)
    """Set before its end is recorded, which voids the lease: from then on a heartbeat finds none."""


@dataclass(frozen=True, kw_only=True)
class Performer:
    """Performs claimed runs."""

    database: Database
    clock: Clock
    registry: Registry
    executor: Executor
    limits: Limits
    overrides: Mapping[str, IntegrationOverride]
    """What the operator set, by integration name."""
    credentials: CredentialSource
    choose_ai: AISource
    check_budget: Callable[[str], None]
    """Raises where a workspace may spend no more on models."""
    own_links: Callable[[Mapping[str, Any]], dict[str, Any]]
    """Removes links from an error of a script that lead elsewhere than to Wren."""
    hide_secrets: Callable[[Subject, Mapping[str, Any]], dict[str, Any]]
    """Replaces every secret that is kept for a user in an error, as on the wire."""

    def perform(self, active: ActiveRun) -> RunOutcome:
        """Run the script and return how it ended; a failure of the platform is an outcome too.

        Raises:
            NotStarted: the database went away before the script could begin, or the machine had no room for it.
        """
        run = active.run
        try:
            deployment, version = self._load(run)
            subject = Subject(workspace_id=run.workspace_id, user_id=run.user_id)
            ai = self._ai_integration(subject, version.declared)
            names = dict.fromkeys([*version.declared.get("integrations", ()), *([ai] if ai else [])])
            specs = [self.registry.spec(name) for name in names]
            if any(spec.type == "ai" for spec in specs):
                self.check_budget(run.workspace_id)
            accounts = open_accounts(self.credentials, subject, names, version.declared.get("accounts", {}))
            held = RunCredentials((item.credentials for item in accounts), refresh=self.credentials.refresh)
            connections = job_connections(accounts, self.overrides)
            hosts = allowed_hosts(specs, self.overrides, connections)
            outcome = self.executor.run(
                replace(
                    self._job(run, deployment.name, version.script, specs, connections, ai),
                    allowed_hosts=hosts.allow,
                ),
                Confinement(limits=self.limits, allow_hosts=hosts.allow, operator_hosts=hosts.operator),
                secrets=held.secrets,
                on_output=active.journal.write,
                on_call=active.journal.call,
                on_notice=active.journal.say,
                serve_request=self._requests(active, deployment.name, held),
                cancel=active.cancel,
            )
        # Only from the steps before the script starts: the script itself cannot raise these.
        except (DatabaseBusy, ServerExhausted) as exc:
            raise NotStarted(exc.message) from exc
        except WrenError as exc:
            return self._end_unstarted(active, exc)
        except Exception as exc:
            log.error("run.broke", run_id=run.id, correlation_id=run.correlation_id, exc_info=exc)
            return self._end_unstarted(active, InternalError("the platform could not perform the run; it is logged"))
        ended = _outcome(outcome)
        if ended.error is None:
            return ended
        error = self.own_links(self._hide(run, ended.error))
        if was_stopped(error):
            active.journal.say(f"{error['code']}: {error['message']}")
        return replace(ended, error=error)

    def _load(self, run: Run) -> tuple[Deployment, DeploymentVersion]:
        with self.database.reading() as session:
            deployment = deployments.find_deployment(session, run.workspace_id, run.deployment_id)
            version = deployments.find_version(session, run.workspace_id, run.deployment_id, run.version)
        if deployment is None or version is None:
            raise InternalError(f"version {run.version} of {run.deployment_id} is gone")
        return deployment, version

    def _ai_integration(self, subject: Subject, declared: Mapping[str, Any]) -> str | None:
        if not declared.get("uses_ai"):
            return None
        return self.choose_ai(
            subject, declared=declared.get("integrations", ()), preferred=declared.get("ai_integration")
        )

    def _requests(self, active: ActiveRun, sender: str, held: RunCredentials) -> RunRequests:
        spending = RunSpending(run=active.run, journal=active.journal, clock=self.clock, check_budget=self.check_budget)
        return RunRequests(
            run=active.run,
            sender=sender,
            credentials=held,
            spending=spending,
            database=self.database,
            clock=self.clock,
        )

    def _job(
        self,
        run: Run,
        name: str,
        script: str,
        specs: Sequence[IntegrationSpec],
        connections: tuple[JobConnection, ...],
        ai: str | None,
    ) -> RunJob:
        connected = {item.integration for item in connections}
        configured = override_env([spec for spec in specs if spec.name not in connected], {}, self.overrides)
        return RunJob(
            run_id=run.id,
            correlation_id=run.correlation_id,
            script=script,
            filename=f"{name}.py",
            func=run.func,
            event=run.event,
            env={**configured, **({AI_INTEGRATION: ai} if ai else {})},
            connections=connections,
            definitions=declared_documents(self.registry, (spec.name for spec in specs)),
        )

    def _end_unstarted(self, active: ActiveRun, error: WrenError) -> RunOutcome:
        wire = self._hide(active.run, error.to_wire(active.run.correlation_id))
        active.journal.say(f"the run did not start: {wire['message']}")
        return RunOutcome(status=RunStatus.FAILED, error=wire)

    def _hide(self, run: Run, error: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self.hide_secrets(Subject(workspace_id=run.workspace_id, user_id=run.user_id), error)
        except WrenError as exc:
            log.error("run.error_not_masked", run_id=run.id, reason=exc.message)
            kept = {key: error[key] for key in ("type", "code", "correlation_id", "can_retry") if key in error}
            return {**kept, "message": "left out: the stored secrets could not be read to hide them in this text"}


def _outcome(outcome: Outcome) -> RunOutcome:
    return RunOutcome(
        status=RunStatus(outcome.status),
        result=outcome.result,
        error=outcome.error,
        is_log_truncated=outcome.truncated,
    )
