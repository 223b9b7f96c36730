"""Builds the backend from its settings: the ground first, then each feature by its own `build` module."""

from functools import partial

from wren_backend.clock import Clock, SystemClock
from wren_backend.connections.build import build_connections
from wren_backend.definitions.build import build_definitions
from wren_backend.definitions.loading import check_configured, load_registry, plugin_policy
from wren_backend.deployments.build import build_deployments
from wren_backend.deployments.quota import find_quota_problem
from wren_backend.ground import Ground
from wren_backend.integrations.build import build_integrations
from wren_backend.messages.build import build_messages
from wren_backend.metrics import Metrics
from wren_backend.runs.build import build_runs
from wren_backend.runs.stream import LogStreams
from wren_backend.sandbox_choice import build_executor
from wren_backend.scheduler.build import build_scheduler
from wren_backend.services import Services
from wren_backend.settings import Settings
from wren_backend.spending.build import build_spending
from wren_backend.storage.database import Database
from wren_backend.store import open_store
from wren_backend.vault.service import Vault
from wren_backend.worker.build import build_connection_trial, build_worker, configuration_of
from wren_core.plugins.registry import Registry


def build_services(settings: Settings, *, clock: Clock | None = None, registry: Registry | None = None) -> Services:
    """Open the database, check the master key, load the plugins, choose the sandbox; start nothing yet.

    Raises:
        WrenError: the server must not start; the message names the fix. See `store.open_store`.
    """
    clock = clock or SystemClock()
    database, vault = open_store(settings, clock)
    with database.closed_on_failure():
        return _build_features(settings, clock, registry, database, vault)


def _build_features(
    settings: Settings, clock: Clock, registry: Registry | None, database: Database, vault: Vault
) -> Services:
    policy = plugin_policy(settings)
    if registry is None:  # an empty one is a choice as well
        registry = load_registry(database, now=clock.now(), policy=policy)
    check_configured(settings.integrations, registry)
    metrics = Metrics()
    ground = Ground(settings=settings, clock=clock, metrics=metrics, database=database, vault=vault, registry=registry)
    executor, sandbox = build_executor(settings, policy)
    connections = build_connections(ground, find_test_problem=build_connection_trial(ground, executor).find_problem)
    spending = build_spending(ground, connections.context.addresses)
    quota = partial(find_quota_problem, database, most=settings.max_deployments)
    integrations = build_integrations(ground, connections, find_quota_problem=quota)
    worker = build_worker(ground, executor, connections, choose_ai=integrations.choose_ai, spending=spending)
    configuration = configuration_of(ground, connections)
    runs = build_runs(ground)
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        metrics=metrics,
        registry=registry,
        sandbox=sandbox,
        runs=runs,
        log_streams=LogStreams(runs),
        deployments=build_deployments(
            ground,
            integrations,
            describer=executor,
            configuration=configuration,
            find_quota_problem=quota,
            wake=worker.wake,
        ),
        connections=connections,
        integrations=integrations,
        definitions=build_definitions(ground),
        messages=build_messages(ground),
        spending=spending,
        worker=worker,
        scheduler=build_scheduler(ground, keep_connections=connections.keep_up, wake=worker.wake),
    )
