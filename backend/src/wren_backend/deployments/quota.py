"""The quota of deployments of a workspace."""

from wren_backend.deployments import repository as deployments
from wren_backend.storage.database import Database
from wren_backend.tenancy.auth import Subject
from wren_core.errors import AgentFixableError, UserFacingConfigError


class QuotaExceeded(UserFacingConfigError):
    """The workspace has as many deployments as it may have."""

    code = "QUOTA_EXCEEDED"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"this workspace has {most} deployments, the most it may have; new versions of them are still accepted. "
            "Undeploy one or ask the operator for more (WREN_MAX_DEPLOYMENTS)",
            details={"max_deployments": most},
        )


def find_quota_problem(database: Database, subject: Subject, *, most: int) -> QuotaExceeded | None:
    """Return what keeps the subject's workspace from deploying another script, or None."""
    with database.reading() as session:
        count = deployments.count_deployed(session, subject.workspace_id)
    return QuotaExceeded(most) if count >= most else None


class QueueFull(AgentFixableError):
    """The workspace has as many queued runs as it may have."""

    code = "QUEUE_FULL"
    can_retry = True
