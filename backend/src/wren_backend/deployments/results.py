"""What the use cases of deployments return, and the limits they keep."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wren_backend.deployments.models import Deployment, DeploymentVersion
from wren_backend.deployments.repository import DeploymentOverview
from wren_backend.triggers.models import Trigger
from wren_core.protocol.findings import ScriptFinding


@dataclass(frozen=True, kw_only=True)
class DeployResult:
    """What a deploy stored."""

    deployment: Deployment
    version: DeploymentVersion
    triggers: tuple[Trigger, ...]
    findings: tuple[ScriptFinding, ...] = ()
    """Warnings and notes of the check."""

    @property
    def next_run(self) -> datetime | None:
        """Return when the first trigger fires next."""
        return min((item.next_fire_at for item in self.triggers if item.next_fire_at), default=None)


@dataclass(frozen=True, kw_only=True)
class DeploymentDetails:
    """A deployment with its triggers, its current version and its cost."""

    overview: DeploymentOverview
    version: DeploymentVersion
    triggers: tuple[Trigger, ...]
    cost: int
    """What the models it called have cost, in nanodollars."""
    cost_this_month: int
    """Of that, in the current month."""


@dataclass(frozen=True, kw_only=True)
class DeploymentLimits:
    """What a workspace may deploy."""

    min_interval: timedelta
    max_script_bytes: int
    max_deployments: int
    max_queued: int
