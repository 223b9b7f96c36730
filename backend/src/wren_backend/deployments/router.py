"""Deployments over HTTP."""

import hashlib
import math
from collections.abc import Iterable
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response

from wren_backend.deployments.models import DeploymentVersion
from wren_backend.deployments.repository import DeploymentOverview
from wren_backend.deployments.results import DeploymentDetails, DeployResult
from wren_backend.deployments.schemas import (
    DeployAnswer,
    DeployBody,
    DeploymentDetail,
    DeploymentId,
    DeploymentList,
    DeploymentRead,
    FindingRead,
    ScriptVerdict,
    StartBody,
    StatusAnswer,
    TriggerRead,
    ValidateScriptBody,
    VersionList,
    VersionRead,
)
from wren_backend.deployments.service import DeploymentService
from wren_backend.http.auth import CurrentSubject
from wren_backend.http.errors import current_correlation_id
from wren_backend.http.wire import ANSWERS_OF_API, ANSWERS_TO_BODY, Cursor, documented
from wren_backend.idempotency.repository import KeyedRequest, StoredReply
from wren_backend.integrations.schemas import ValidationProblem
from wren_backend.runs.money import in_usd
from wren_backend.runs.router import Limit, Runs
from wren_backend.runs.schemas import RunList, RunRead
from wren_backend.tenancy.auth import Subject
from wren_core.protocol.findings import ScriptFinding

router = APIRouter(prefix="/v1", tags=["deployments"], responses=ANSWERS_OF_API)
# How many there are is decided by the guard, before the body of a deploy is read.
_OWN_THREADS = CapacityLimiter(math.inf)


async def deployment_service(request: Request) -> DeploymentService:
    """Return the service of this app."""
    service: DeploymentService = request.app.state.services.deployments
    return service


Deployments = Annotated[DeploymentService, Depends(deployment_service)]


@router.post(
    "/scripts/deploy",
    operation_id="deploy_script",
    summary="Deploy a script, or the next version of it",
    response_model=DeployAnswer,
    responses={**ANSWERS_TO_BODY, **documented(403, 409)},
)
async def deploy_script(
    body: DeployBody,
    subject: CurrentSubject,
    service: Deployments,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=200, description="Repeated within a day, it gets the first answer"),
    ] = None,
) -> Response:
    """Check the script in the sandbox, store it and let its triggers fire.

    With an `Idempotency-Key`, a repeated request gets the first answer, byte for byte, and deploys nothing.
    """

    def deploy() -> StoredReply:
        return service.deploy(
            subject,
            script=body.script,
            render=_render,
            name=body.name,
            metadata=None if body.metadata is None else body.metadata.model_dump(),
            take_over=body.take_over,
            request=None if idempotency_key is None else _keyed_request(subject, idempotency_key, body),
        )

    # The guard admits few of them at once, but a script that hangs holds its thread for as long as it may.
    reply = await to_thread.run_sync(deploy, limiter=_OWN_THREADS)
    return Response(reply.body, status_code=reply.status_code, media_type="application/json")


@router.post(
    "/scripts/validate",
    operation_id="validate_script",
    summary="Check a script as a deploy does, and store nothing",
    response_model_exclude_none=True,
    responses=ANSWERS_TO_BODY,
)
def validate_script(body: ValidateScriptBody, subject: CurrentSubject, service: Deployments) -> ScriptVerdict:
    """Check the script in the sandbox, the connections it needs, and the quota."""
    verdict = service.validate(subject, script=body.script, name=body.name)
    return ScriptVerdict(
        valid=verdict.is_valid,
        findings=_shape_findings(verdict.findings),
        errors=[ValidationProblem.of(error) for error in verdict.problems],
        warnings=list(verdict.warnings),
    )


@router.get("/deployments", operation_id="list_deployments", summary="List the deployments, newest first")
def list_deployments(
    subject: CurrentSubject,
    service: Deployments,
    limit: Annotated[int, Query(ge=1, le=200, description="Rows of one page")] = 100,
    cursor: Cursor = None,
) -> DeploymentList:
    """Return one page of deployments, each with its last and next run; undeployed ones are left out."""
    found, following = service.list_page(subject, limit=limit, cursor=cursor)
    return DeploymentList(
        deployments=[DeploymentRead.model_validate(_overview_fields(item)) for item in found], next_cursor=following
    )


@router.get(
    "/deployments/{deployment_id}",
    operation_id="get_deployment",
    summary="Show one deployment with its triggers",
    responses=documented(404),
)
def get_deployment(deployment_id: DeploymentId, subject: CurrentSubject, service: Deployments) -> DeploymentDetail:
    """Return a deployment, undeployed or not, with its triggers and what its current version declares."""
    return _shape_detail(service.get(subject, deployment_id))


@router.get(
    "/deployments/{deployment_id}/runs",
    operation_id="list_deployment_runs",
    summary="List one script's runs, newest first",
    responses=documented(404),
)
def list_deployment_runs(
    deployment_id: DeploymentId,
    subject: CurrentSubject,
    service: Deployments,
    runs: Runs,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RunList:
    """Return one page of the runs of a deployment, of all its versions; those of an undeployed one stay readable."""
    service.check_exists(subject, deployment_id)
    found, following = runs.list_page(subject, deployment_id=deployment_id, limit=limit, cursor=cursor)
    return RunList(runs=[RunRead.of(run) for run in found], next_cursor=following)


@router.get(
    "/deployments/{deployment_id}/versions",
    operation_id="list_deployment_versions",
    summary="List the versions of a deployment, newest first",
    responses=documented(404),
)
def list_versions(
    deployment_id: DeploymentId,
    subject: CurrentSubject,
    service: Deployments,
    limit: Annotated[int, Query(ge=1, le=200, description="Rows of one page")] = 50,
    cursor: Cursor = None,
) -> VersionList:
    """Return one page of versions: who deployed each, when, and what it declares."""
    found, following = service.list_versions(subject, deployment_id, limit=limit, cursor=cursor)
    return VersionList(versions=[_shape_version(row) for row in found], next_cursor=following)


@router.delete(
    "/deployments/{deployment_id}",
    operation_id="undeploy",
    summary="Undeploy: stop its triggers and free its name",
    responses=documented(403, 404),
)
def undeploy(deployment_id: DeploymentId, subject: CurrentSubject, service: Deployments) -> StatusAnswer:
    """Stop the triggers, cancel queued runs and free the name; a started run finishes, and runs stay readable."""
    changed = service.undeploy(subject, deployment_id)
    return StatusAnswer(id=changed.id, status=changed.status)


@router.post(
    "/deployments/{deployment_id}/pause",
    operation_id="pause_deployment",
    summary="Keep the triggers from firing",
    responses=documented(403, 404),
)
def pause(deployment_id: DeploymentId, subject: CurrentSubject, service: Deployments) -> StatusAnswer:
    """Keep the triggers from firing until `resume`; the script can still be run by hand."""
    changed = service.pause(subject, deployment_id)
    return StatusAnswer(id=changed.id, status=changed.status)


@router.post(
    "/deployments/{deployment_id}/resume",
    operation_id="resume_deployment",
    summary="Let the triggers fire again, from now on",
    responses=documented(403, 404),
)
def resume(deployment_id: DeploymentId, subject: CurrentSubject, service: Deployments) -> StatusAnswer:
    """Let the triggers fire again; fire times that passed during the pause get no run."""
    changed = service.resume(subject, deployment_id)
    return StatusAnswer(id=changed.id, status=changed.status)


@router.post(
    "/deployments/{deployment_id}/run",
    operation_id="start_run",
    summary="Run a function of the script now",
    status_code=202,
    responses={**ANSWERS_TO_BODY, **documented(403, 404)},
)
def start_run(
    deployment_id: DeploymentId,
    subject: CurrentSubject,
    service: Deployments,
    body: StartBody | None = None,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=200, description="Repeated, it gets the run of the first start")
    ] = None,
) -> RunRead:
    """Queue a run of the current version and return it; its log is at `logs_url`.

    With an `Idempotency-Key`, a repeated request starts nothing and gets the same run, as it is by then.
    """
    wanted = body or StartBody()
    run = service.start(
        subject,
        deployment_id,
        func=wanted.func,
        payload=wanted.payload,
        key=idempotency_key,
        correlation_id=current_correlation_id(),
    )
    return RunRead.of(run)


def _keyed_request(subject: Subject, key: str, body: DeployBody) -> KeyedRequest:
    # A key is its user's: another user who sends the same one must not get this one's answer.
    digest = hashlib.sha256(body.model_dump_json().encode("utf-8", "surrogatepass")).hexdigest()
    return KeyedRequest(
        workspace_id=subject.workspace_id, operation=f"deploy by {subject.user_id}", key=key, request_hash=digest
    )


def _render(made: DeployResult) -> StoredReply:
    answer = DeployAnswer(
        deployment_id=made.deployment.id,
        name=made.deployment.name,
        status=made.deployment.status,
        version=made.version.version,
        triggers_registered=len(made.triggers),
        created_at=made.version.created_at,
        next_run=made.next_run,
        findings=_shape_findings(made.findings),
    )
    return StoredReply(status_code=200, body=answer.model_dump_json())


def _shape_findings(findings: Iterable[ScriptFinding]) -> list[FindingRead]:
    return [FindingRead.model_validate(item.to_wire()) for item in findings]


def _overview_fields(item: DeploymentOverview) -> dict[str, object]:
    row = item.deployment
    return {
        "id": row.id,
        "name": row.name,
        "owner": item.owner,
        "status": row.status,
        "version": row.version,
        "triggers": item.triggers,
        "last_run": item.last_run,
        "last_status": item.last_status,
        "next_run": item.next_run,
        "created_at": row.created_at,
    }


def _shape_detail(details: DeploymentDetails) -> DeploymentDetail:
    return DeploymentDetail.model_validate(
        {
            **_overview_fields(details.overview),
            "declared": details.version.declared,
            "trigger_list": [TriggerRead.model_validate(row, from_attributes=True) for row in details.triggers],
            "ai_cost_usd": in_usd(details.cost),
            "ai_cost_usd_this_month": in_usd(details.cost_this_month),
        }
    )


def _shape_version(row: DeploymentVersion) -> VersionRead:
    return VersionRead(
        version=row.version,
        created_at=row.created_at,
        created_by=row.created_by,
        sha256=row.script_sha256,
        declared=row.declared,
    )
