"""Wire shapes of deployments."""

from typing import Any

from pydantic import Field

from wren_backend.deployments.models import DeploymentStatus
from wren_backend.wire import RequestBody, ResponseBody, Timestamp


class TriggerBody(RequestBody):
    """One trigger as the SDK extracts it."""

    type: str = Field(max_length=40, examples=["schedule"])
    func: str = Field(max_length=200, examples=["daily_report"])
    config: dict[str, Any] = Field(default_factory=dict, examples=[{"cron": "0 9 * * *", "timezone": "UTC"}])


class ScheduleBody(RequestBody):
    """One schedule as the SDK extracts it; repeats a trigger."""

    cron: str = Field(max_length=256, examples=["0 9 * * *"])
    func_name: str = Field(max_length=200, examples=["daily_report"])


class MetadataBody(RequestBody):
    """What a script declares."""

    integrations: list[str] = Field(default_factory=list, max_length=100, examples=[["mail", "chat"]])
    triggers: list[TriggerBody] = Field(default_factory=list, max_length=100)
    schedules: list[ScheduleBody] = Field(default_factory=list, max_length=100)


class DeployBody(RequestBody):
    """A script to deploy."""

    script: str = Field(description="Python source, at most 1 MiB of UTF-8")
    name: str | None = Field(default=None, description="Unique in the workspace; the first trigger's function if none")
    metadata: MetadataBody | None = Field(default=None, description="Compared with what the script itself declares")


class DeployAnswer(ResponseBody):
    """What was deployed."""

    deployment_id: str
    name: str
    status: DeploymentStatus
    version: int
    triggers_registered: int
    created_at: Timestamp
    next_run: Timestamp | None


class DeploymentRead(ResponseBody):
    """One deployment as lists show it."""

    id: str
    name: str
    status: DeploymentStatus
    version: int
    triggers: int
    last_run: Timestamp | None
    next_run: Timestamp | None
    created_at: Timestamp


class TriggerRead(ResponseBody):
    """One trigger of a deployment."""

    id: str
    type: str
    func: str
    config: dict[str, Any]
    next_fire_at: Timestamp | None
    last_fire_at: Timestamp | None
    missed: int
    error: dict[str, Any] | None


class DeploymentDetail(DeploymentRead):
    """One deployment with its triggers and what the current version declares."""

    declared: dict[str, Any]
    trigger_list: list[TriggerRead]


class DeploymentList(ResponseBody):
    """Deployments, newest first; `next_cursor` asks for the following page."""

    deployments: list[DeploymentRead]
    next_cursor: str | None = None


class StatusAnswer(ResponseBody):
    """The state a change left a deployment in."""

    id: str
    status: DeploymentStatus


class StartBody(RequestBody):
    """Start a run by hand."""

    func: str | None = Field(default=None, max_length=200, description="The only triggered function if none is given")
    payload: dict[str, Any] = Field(default_factory=dict, description="Handed to the function in its event")
