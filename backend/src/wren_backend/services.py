"""Everything the backend is made of, built once from its settings and passed in."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from wren_backend.clock import Clock, SystemClock
from wren_backend.connections.addresses import Addresses
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.services import ConnectionServices
from wren_backend.connections.token_endpoint import TokenEndpoint
from wren_backend.db import Database, open_database
from wren_backend.deployments.service import DeploymentLimits, DeploymentService
from wren_backend.executor.bytecode import compile_imports
from wren_backend.executor.choice import choose_sandbox, prepare_runs_root
from wren_backend.executor.executor import Executor
from wren_backend.executor.port import Sandbox
from wren_backend.integrations.service import IntegrationService
from wren_backend.metrics import Metrics
from wren_backend.migration import migrate
from wren_backend.pagination import CursorCodec
from wren_backend.runs.service import RunService
from wren_backend.scheduler.housekeeping import Housekeeping
from wren_backend.scheduler.loop import Scheduler
from wren_backend.settings import Settings
from wren_backend.vault.boot import key_source, open_vault, verify_master_keys
from wren_backend.vault.service import Vault
from wren_backend.worker.environment import config_env, run_env
from wren_backend.worker.loop import Worker
from wren_backend.worker.perform import Performer
from wren_core.discovery import discover
from wren_core.errors import UserFacingConfigError
from wren_core.registry import Registry

log = structlog.get_logger()


class DataDirUnusable(UserFacingConfigError):
    """The data directory cannot be made, or nothing can be written in it."""

    code = "DATA_DIR_UNUSABLE"


@dataclass(frozen=True, kw_only=True)
class Services:
    """The parts of one backend process. Routers find them in `app.state.services`."""

    settings: Settings
    database: Database
    clock: Clock
    metrics: Metrics
    registry: Registry
    sandbox: Sandbox
    runs: RunService
    deployments: DeploymentService
    connections: ConnectionServices
    integrations: IntegrationService
    worker: Worker
    scheduler: Scheduler

    def start(self) -> None:
        """Begin to claim and to fire."""
        threading.Thread(target=compile_imports, name="wren-compile", daemon=True).start()
        self.worker.start()
        self.scheduler.start()

    def stop(self) -> None:
        """Fire nothing more, finish what runs, close the database."""
        self.scheduler.stop()
        self.worker.stop(grace=self.settings.shutdown_grace)
        self.connections.close()
        self.database.dispose()


def build_services(settings: Settings, *, clock: Clock | None = None, registry: Registry | None = None) -> Services:
    """Open the database, check the master key, load the plugins, choose the sandbox; start nothing yet.

    Raises:
        DataDirUnusable, DatabaseUnusable, MasterKeyMissing, MasterKeyWrong, MasterKeyExposed, MasterKeyInvalid: the
            server must not start; the message says what to mend.
    """
    clock, metrics = clock or SystemClock(), Metrics()
    database, vault = _open_store(settings, clock)
    registry = registry or load_registry()
    runs_root = prepare_runs_root(settings)
    sandbox = choose_sandbox(settings, runs_root)
    executor = Executor(sandbox, runs_root=runs_root)
    addresses = Addresses(public_url=settings.address, docs_url=settings.docs_url)
    connections = ConnectionServices.of(
        _connection_context(settings, database, vault, clock, registry, addresses, metrics)
    )
    integrations = IntegrationService(registry=registry, credentials=connections.credentials, addresses=addresses)
    worker = Worker(
        Performer(
            database=database,
            clock=clock,
            registry=registry,
            executor=executor,
            limits=settings.limits.to_limits(),
            overrides=settings.integrations,
            credentials=connections.credentials,
        ),
        database=database,
        clock=clock,
        metrics=metrics,
        concurrency=settings.worker_concurrency,
        lease=settings.worker_lease,
    )
    cursors = CursorCodec(vault.derived_key("cursors"))
    deployments = DeploymentService(
        database=database,
        clock=clock,
        cursors=cursors,
        describer=executor,
        configuration=lambda subject: run_env(
            [plugin.integration.spec for plugin in registry],
            config_env(connections.connections.list_all(subject)),
            settings.integrations,
        ),
        check_connections=integrations.check,
        wake=worker.wake,
        limits=_deployment_limits(settings),
    )
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        metrics=metrics,
        registry=registry,
        sandbox=sandbox,
        runs=RunService(database=database, clock=clock, cursors=cursors),
        deployments=deployments,
        connections=connections,
        integrations=integrations,
        worker=worker,
        scheduler=Scheduler(
            database=database,
            clock=clock,
            metrics=metrics,
            wake=worker.wake,
            housekeeping=Housekeeping(database=database, clock=clock, keep_connections=connections.keep_up).run,
        ),
    )


def load_registry() -> Registry:
    """Load the installed plugins; those that fail are logged and shown, and the rest works."""
    registry = Registry.from_discovery(discover())
    for failed in registry.failed.values():
        log.error(
            "plugin.failed",
            plugin=failed.name,
            distribution=failed.distribution,
            version=failed.version,
            code=failed.code,
            reason=failed.reason,
        )
    log.info("plugins.loaded", plugins=registry.names())
    return registry


def _open_store(settings: Settings, clock: Clock) -> tuple[Database, Vault]:
    _make_data_dir(settings.data_dir)
    database = open_database(settings.database_address())
    keys = key_source(key_file=settings.key_file, key_text=settings.master_key)
    verify_master_keys(database, keys)  # before anything is written
    migrate(database)
    return database, open_vault(database, keys, now=clock.now())


def _make_data_dir(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        reason = exc.strerror
    else:
        reason = None if os.access(folder, os.W_OK | os.X_OK) else "it cannot be written"
    if reason is not None:
        raise DataDirUnusable(f"the data directory {folder} cannot be used: {reason}; choose another with --data-dir")


def _connection_context(
    settings: Settings,
    database: Database,
    vault: Vault,
    clock: Clock,
    registry: Registry,
    addresses: Addresses,
    metrics: Metrics,
) -> ConnectionContext:
    return ConnectionContext(
        database=database,
        vault=vault,
        clock=clock,
        registry=registry,
        addresses=addresses,
        providers=settings.providers,
        endpoint=TokenEndpoint(),
        refresh_margin=settings.refresh_margin,
        state_lifetime=settings.oauth_state_lifetime,
        link_lifetime=settings.connect_link_lifetime,
        on_refresh=lambda outcome: metrics.refreshes.labels(outcome=outcome).inc(),
    )


def _deployment_limits(settings: Settings) -> DeploymentLimits:
    return DeploymentLimits(
        min_interval=settings.min_schedule_interval,
        max_script_bytes=settings.max_script_bytes,
        max_deployments=settings.max_deployments,
    )
