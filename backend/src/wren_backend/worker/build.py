"""Builds the worker, and the environment of scripts that are only described."""

from collections.abc import Callable

from wren_backend.connections.build import ConnectionServices
from wren_backend.connections.credentials.selection import AUTHORISED
from wren_backend.executor.executor import Executor
from wren_backend.ground import Ground
from wren_backend.integrations.ai_choice import AISource
from wren_backend.spending.service import SpendingService
from wren_backend.tenancy.auth import Subject
from wren_backend.worker.connection_trial import ConnectionTrial
from wren_backend.worker.environment import ScriptConfiguration, describe_connections, override_env
from wren_backend.worker.loop import Worker
from wren_backend.worker.perform import Performer


def build_worker(
    ground: Ground,
    executor: Executor,
    connections: ConnectionServices,
    *,
    choose_ai: AISource,
    spending: SpendingService,
) -> Worker:
    """Return the worker; it is not started."""
    settings = ground.settings
    performer = Performer(
        database=ground.database,
        clock=ground.clock,
        registry=ground.registry,
        executor=executor,
        limits=settings.limits.to_limits(),
        overrides=settings.integrations,
        credentials=connections.credentials,
        choose_ai=choose_ai,
        check_budget=spending.check,
        hide_secrets=connections.secrets.hide,
        own_links=connections.context.addresses.own_links,
    )
    return Worker(
        performer,
        database=ground.database,
        clock=ground.clock,
        metrics=ground.metrics,
        concurrency=settings.worker_concurrency,
        lease=settings.worker_lease,
        per_workspace=settings.worker_concurrency_per_workspace,
    )


def build_connection_trial(ground: Ground, executor: Executor) -> ConnectionTrial:
    """Return what tries a connection before it is stored."""
    settings = ground.settings
    return ConnectionTrial(
        executor=executor,
        registry=ground.registry,
        limits=settings.limits.to_limits(),
        overrides=settings.integrations,
    )


def configuration_of(ground: Ground, connections: ConnectionServices) -> Callable[[Subject], ScriptConfiguration]:
    """Return what reads the configuration of a subject's scripts: what operator and subject configured, no secrets."""
    configured = ground.settings.integrations
    specs = [ground.registry.spec(name) for name in configured if name in ground.registry]

    def read(subject: Subject) -> ScriptConfiguration:
        usable = [row for row in connections.connections.list_all(subject) if row.status in AUTHORISED]
        held = describe_connections(usable, configured)
        connected = {item.integration for item in held}
        env = override_env([spec for spec in specs if spec.name not in connected], {}, configured)
        return ScriptConfiguration(connections=held, env=env)

    return read
