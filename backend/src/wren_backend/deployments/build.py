"""Builds the use cases of deployments."""

from collections.abc import Callable
from functools import partial

from wren_backend.definitions.declared import documents_named
from wren_backend.deployments.reader import Describer, ScriptReader
from wren_backend.deployments.reading import Configured
from wren_backend.deployments.results import DeploymentLimits
from wren_backend.deployments.service import DeploymentService
from wren_backend.ground import Ground
from wren_backend.integrations.service import IntegrationService
from wren_backend.tenancy.auth import Subject
from wren_core.errors import WrenError


def build_deployments(
    ground: Ground,
    integrations: IntegrationService,
    *,
    describer: Describer,
    configuration: Callable[[Subject], Configured],
    find_quota_problem: Callable[[Subject], WrenError | None],
    wake: Callable[[], None],
) -> DeploymentService:
    """Return the use cases of deployments.

    Args:
        ground: what every feature is built on.
        integrations: checks the connections of a script and chooses its ai integration.
        describer: extracts a script's metadata.
        configuration: what a script finds configured while it is described.
        find_quota_problem: finds what keeps a subject from deploying another script.
        wake: tells the worker of a queued run.
    """
    settings = ground.settings
    limits = DeploymentLimits(
        min_interval=settings.min_schedule_interval,
        max_script_bytes=settings.max_script_bytes,
        max_deployments=settings.max_deployments,
        max_queued=settings.max_queued_runs,
    )
    reader = ScriptReader(
        clock=ground.clock,
        limits=limits,
        describer=describer,
        configuration=configuration,
        declared=partial(documents_named, ground.registry),
        check_connections=integrations.check,
        choose_ai=integrations.choose_ai,
        list_warnings=integrations.warnings,
    )
    return DeploymentService(
        database=ground.database,
        clock=ground.clock,
        cursors=ground.cursors,
        reader=reader,
        find_quota_problem=find_quota_problem,
        wake=wake,
        limits=limits,
    )
