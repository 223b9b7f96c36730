"""What the server answers, as frozen records. Fields a newer server adds are kept."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer


def _format_timestamp(moment: datetime) -> str:
    """Return an instant as the server writes it: pydantic's own form would have it differ from what was sent."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


Timestamp = Annotated[datetime, PlainSerializer(_format_timestamp, return_type=str, when_used="json")]


class ApiRecord(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, extra="allow")

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object the server sent."""
        return self.model_dump(mode="json", exclude_unset=True)


class ApiValidation(ApiRecord):
    """Whether the integrations of a script are ready to be used by this user."""

    valid: bool
    errors: list[dict[str, Any]] = Field(default_factory=list)
    """Error objects, each with the integration it is about."""
    warnings: list[Any] = Field(default_factory=list)
    findings: list[dict[str, Any]] = Field(default_factory=list)
    """Of the check of the script on the server, where the script was sent."""


class ApiDeployed(ApiRecord):
    """A script was stored and its triggers are registered."""

    deployment_id: str
    name: str = ""
    status: str
    version: int = 1
    triggers_registered: int = 0
    created_at: Timestamp | None = None
    next_run: Timestamp | None = None
    findings: list[dict[str, Any]] = Field(default_factory=list)
    """Warnings and notes of the check on the server."""


class ApiTrigger(ApiRecord):
    """What starts a function of a deployment."""

    type: str
    func: str
    config: dict[str, Any] = Field(default_factory=dict)
    next_fire_at: Timestamp | None = None
    last_fire_at: Timestamp | None = None
    missed: int = 0
    """How many due times passed without a run."""
    error: dict[str, Any] | None = None
    """Why it no longer fires."""


class ApiDeployment(ApiRecord):
    """A stored script; lists leave the triggers themselves out."""

    id: str
    name: str
    owner: str = ""
    """Who deployed it; its runs use this user's accounts."""
    status: str
    version: int = 1
    triggers: int = 0
    last_run: Timestamp | None = None
    last_status: str | None = None
    """How the last run ended, or that it has not."""
    next_run: Timestamp | None = None
    created_at: Timestamp | None = None
    trigger_list: list[ApiTrigger] = Field(default_factory=list)


class ApiUndeployed(ApiRecord):
    """A deployment was removed."""

    id: str
    status: str


class ApiCall(ApiRecord):
    """One method call a run made."""

    integration: str
    method: str
    ms: float
    outcome: str
    """`ok`, or the code of the error."""
    account: str | None = None
    """Alias of the connection that was used."""


class ApiRun(ApiRecord):
    """One recorded execution; lists leave the later fields out."""

    run_id: str
    deployment_id: str = ""
    trigger: str = ""
    status: str
    """queued, running, success, failed, timeout, cancelled or lost."""
    version: int | None = None
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    duration_ms: int | None = None
    logs_url: str | None = None
    func: str | None = None
    ai_cost_usd: float | None = None
    """What the models it called have cost, in US dollars."""
    error: dict[str, Any] | None = None
    result: Any = None
    calls: list[ApiCall] = Field(default_factory=list)
    calls_total: int = 0
    """How many method calls were recorded; `calls` has the first thousand."""
    isolation: str | None = None
    correlation_id: str | None = None
    log_truncated: bool = False
    """It wrote more than the server keeps; the end of its log is missing."""

    @property
    def is_finished(self) -> bool:
        """Tell whether the run has ended, whatever its outcome."""
        return self.status not in ("queued", "running")


class ApiLogLine(ApiRecord):
    """A piece of what a run printed."""

    seq: int
    stream: str
    """`stdout`, `stderr` or `system`."""
    text: str
    at: Timestamp | None = None


class ApiLogPage(ApiRecord):
    """The log of a run from some line on."""

    run_id: str
    logs: list[ApiLogLine]
    next_seq: int | None = None


class ApiConnection(ApiRecord):
    """A user's link to an integration."""

    id: str
    integration: str
    alias: str = "default"
    status: str
    """pending, active, or what keeps it from being used."""
    account: str | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    scopes: list[str] | None = None
    expires_at: Timestamp | None = None
    created_at: Timestamp | None = None
    version: int | None = None
    """Raised with every change of its credentials; None where the server does not say."""
    error: Any = None


class ApiConnectionStarted(ApiRecord):
    """A connection was asked for; a person finishes it at `connect_url` where one is given."""

    connection_id: str
    integration: str
    alias: str = "default"
    status: str
    connect_url: str | None = None
    expires_at: Timestamp | None = None


class ApiDeploymentSpending(ApiRecord):
    """What the models called by one deployment cost in a month."""

    deployment_id: str
    name: str = ""
    cost_usd: float
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class ApiSpending(ApiRecord):
    """What the workspace spent on models in a month, in US dollars."""

    month: str
    cost_usd: float
    budget_usd: float | None = None
    """None where nothing limits it."""
    left_usd: float | None = None
    deployments: list[ApiDeploymentSpending] = Field(default_factory=list)


class ApiIntegration(ApiRecord):
    """An integration of the server."""

    name: str
    display_name: str = ""
    description: str = ""
    version: str = ""
    auth_type: str = "none"
    type: str = "integration"
    methods: list[str] = Field(default_factory=list)
    no_handler: list[str] = Field(default_factory=list)
    """Methods that nothing performs yet."""
    connected: bool | None = None
    """None where the server does not say."""


class ApiIntegrations(ApiRecord):
    """What the server offers, and which installed plugins it could not load."""

    integrations: list[ApiIntegration]
    failed: list[dict[str, Any]] = Field(default_factory=list)


class ApiHealth(ApiRecord):
    """Whether the server is alive and ready to run scripts."""

    status: str = ""
