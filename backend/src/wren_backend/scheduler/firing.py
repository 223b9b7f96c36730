"""Firing: the events of a due trigger become queued runs, and the trigger moves to its next fire time."""

from datetime import datetime

from wren_backend.deployments.models import Deployment
from wren_backend.deployments.repository import lock_deployed
from wren_backend.runs import repository as runs
from wren_backend.runs.models import Run
from wren_backend.runs.repository import RunRequest
from wren_backend.storage.database import WriteSession
from wren_backend.triggers import repository as triggers
from wren_backend.triggers.kind import Fire, FirePlan
from wren_backend.triggers.models import Trigger


def fire(session: WriteSession, trigger: Trigger, plan: FirePlan, *, now: datetime) -> list[Run] | None:
    """Queue the runs of a due trigger and move it to its next fire time, both or neither.

    Args:
        session: the transaction; commit it before the runs are relied on.
        trigger: the row as `triggers.due` returned it.
        plan: the events that get a run, and when the trigger is due next.
        now: the present instant.

    Returns:
        The runs this call queued, or None where the trigger was not due any more: fired by a rival, changed, paused
        or undeployed.
    """
    # The deployment before its trigger, the order in which undeploying takes them: the other way they could deadlock.
    deployment = lock_deployed(session, trigger.workspace_id, trigger.deployment_id)
    if deployment is None or not triggers.advance(session, trigger, plan, now=now):
        return None
    queued = [runs.enqueue(session, _new_request(trigger, deployment, item), now=now) for item in plan.fires]
    return [entry.run for entry in queued if entry.is_new]


def _new_request(trigger: Trigger, deployment: Deployment, item: Fire) -> RunRequest:
    return RunRequest(
        workspace_id=trigger.workspace_id,
        deployment_id=trigger.deployment_id,
        version=deployment.version,
        user_id=deployment.user_id,
        trigger_id=trigger.id,
        trigger_type=trigger.type,
        func=trigger.func,
        event=item.event,
        event_key=item.key,
        scheduled_for=item.scheduled_for,
    )
