"""Wire shapes of deployments."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from wren_backend.deployments.models import DeploymentStatus
from wren_backend.http.wire import IntegrationName, JsonObject, NamedAccounts, RequestBody, ResponseBody, Timestamp
from wren_backend.integrations.schemas import ValidationProblem
from wren_backend.runs.models import RunStatus
from wren_backend.triggers.declaration import TriggerDeclaration


def _function_name(text: str) -> str:
    if not text.isidentifier():
        raise ValueError("is not the name of a function")
    return text


DeploymentId = Annotated[str, Path(description="Id of the deployment", examples=["dep_7hKqXr0bT3nW"])]
FunctionName = Annotated[str, Field(max_length=200, examples=["daily_report"]), AfterValidator(_function_name)]


class TriggerBody(RequestBody):
    """One trigger as the SDK extracts it."""

    type: str = Field(max_length=40, examples=["schedule"])
    func: str = Field(max_length=200, examples=["daily_report"])
    config: JsonObject = Field(default_factory=dict, examples=[{"cron": "0 9 * * *", "timezone": "UTC"}])

    @model_validator(mode="after")
    def _check_config(self) -> "TriggerBody":
        TriggerDeclaration.of(self.type, self.func, self.config)
        return self


class ScheduleBody(RequestBody):
    """One schedule as the SDK extracts it; repeats a trigger."""

    cron: str = Field(max_length=256, examples=["0 9 * * *"])
    func_name: str = Field(max_length=200, examples=["daily_report"])


class MetadataBody(RequestBody):
    """What a script declares."""

    integrations: list[IntegrationName] = Field(default_factory=list, max_length=100, examples=[["mail", "chat"]])
    accounts: NamedAccounts = Field(default_factory=dict, description="Aliases the script names, by integration")
    uses_ai: bool = Field(default=False, description="It asks the connected ai integration, whichever that is")
    triggers: list[TriggerBody] = Field(default_factory=list, max_length=100)
    schedules: list[ScheduleBody] = Field(default_factory=list, max_length=100)


class DeployBody(RequestBody):
    """A script to deploy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "script": 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily_report():\n    print("sent")\n',
                    "name": "daily_report",
                    "metadata": {
                        "integrations": [],
                        "triggers": [
                            {
                                "type": "schedule",
                                "func": "daily_report",
                                "config": {"cron": "0 9 * * *", "timezone": "UTC"},
                            }
                        ],
                        "schedules": [{"cron": "0 9 * * *", "func_name": "daily_report"}],
                    },
                }
            ]
        }
    )

    script: str = Field(description="Python source, at most 1 MiB of UTF-8")
    name: str | None = Field(default=None, description="Unique in the workspace; the first trigger's function if none")
    metadata: MetadataBody | None = Field(default=None, description="Compared with what the script itself declares")
    take_over: bool = Field(
        default=False, description="As an admin: replace a deployment of another user; its runs then use yours"
    )


class FindingRead(ResponseBody):
    """One finding of the check of a script, as `wren test` prints it."""

    code: str
    message: str
    file: str
    line: int | None = None
    column: int | None = None
    severity: str = Field(description="error, warning or note; only errors keep a script from being deployed")
    hint: str | None = Field(default=None, description="The next step")


class ValidateScriptBody(RequestBody):
    """A script to check."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "script": 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily_report():\n    print("sent")\n',
                    "name": "daily_report",
                }
            ]
        }
    )

    script: str = Field(description="Python source, at most 1 MiB of UTF-8")
    name: str | None = Field(default=None, description="The name it would be deployed under")


class ScriptVerdict(ResponseBody):
    """Whether a script could be deployed."""

    valid: bool
    findings: list[FindingRead]
    errors: list[ValidationProblem] = Field(description="What is missing besides: connections, quota")
    warnings: list[str] = Field(description="What to know about the integrations it uses")


class DeployAnswer(ResponseBody):
    """What was deployed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "deployment_id": "dep_7hKqXr0bT3nW",
                    "name": "daily_report",
                    "status": "active",
                    "version": 1,
                    "triggers_registered": 1,
                    "created_at": "2024-12-08T10:30:00Z",
                    "next_run": "2024-12-09T09:00:00Z",
                    "findings": [],
                }
            ]
        }
    )

    deployment_id: str
    name: str
    status: DeploymentStatus
    version: int
    triggers_registered: int
    created_at: Timestamp
    next_run: Timestamp | None
    findings: list[FindingRead] = Field(default_factory=list, description="Warnings and notes of the check")


class DeploymentRead(ResponseBody):
    """One deployment as lists show it."""

    id: str
    name: str
    owner: str = Field(description="Who deployed it; its runs use this user's accounts, and admins may act on it too")
    status: DeploymentStatus
    version: int
    triggers: int
    last_run: Timestamp | None
    last_status: RunStatus | None
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
    ai_cost_usd: float = Field(description="What the models it called have cost, in US dollars")
    ai_cost_usd_this_month: float = Field(description="Of that, in the current calendar month, in UTC")


class DeploymentList(ResponseBody):
    """Deployments, newest first; `next_cursor` asks for the following page."""

    deployments: list[DeploymentRead]
    next_cursor: str | None = None


class VersionRead(ResponseBody):
    """One version of a deployment; its script stays on the server."""

    version: int
    created_at: Timestamp
    created_by: str = Field(description="Id of the user who deployed it")
    sha256: str = Field(description="Of the script's UTF-8 bytes, in hexadecimal")
    declared: dict[str, Any] = Field(description="The integrations, triggers and schedules of the script")


class VersionList(ResponseBody):
    """Versions, newest first; `next_cursor` asks for the following page."""

    versions: list[VersionRead]
    next_cursor: str | None = None


class StatusAnswer(ResponseBody):
    """The state a change left a deployment in."""

    id: str
    status: DeploymentStatus


class StartBody(RequestBody):
    """Start a run by hand."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"func": "daily_report", "payload": {"day": "monday"}}]})

    func: FunctionName | None = Field(default=None, description="The only triggered function if none is given")
    payload: JsonObject = Field(default_factory=dict, description="Handed to the function in its event")
