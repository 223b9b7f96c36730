"""Everything the backend is made of, built once from its settings and passed in."""

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from wren_backend.clock import Clock, SystemClock
from wren_backend.connections.build import ConnectionServices
from wren_backend.connections.build import build as build_connections
from wren_backend.definitions.catalogue import open_catalogue
from wren_backend.definitions.declared import documents_named
from wren_backend.definitions.service import DefinitionService
from wren_backend.deployments.quota import find_quota_problem
from wren_backend.deployments.service import DeploymentLimits, DeploymentService
from wren_backend.executor.bytecode import compile_imports
from wren_backend.executor.choice import choose_sandbox, prepare_runs_root
from wren_backend.executor.executor import Executor
from wren_backend.executor.port import Sandbox
from wren_backend.integrations.ai_choice import AIChoice
from wren_backend.integrations.service import IntegrationService
from wren_backend.messages.service import MessageService
from wren_backend.metrics import Metrics
from wren_backend.runs.service import RunService
from wren_backend.scheduler.housekeeping import Housekeeping
from wren_backend.scheduler.loop import Scheduler
from wren_backend.settings import IntegrationSettings, Settings, SettingsInvalid
from wren_backend.spending.service import SpendingService
from wren_backend.storage.database import Database, open_database
from wren_backend.storage.errors import DatabaseBusy, DatabaseUnusable
from wren_backend.storage.migration import migrate
from wren_backend.storage.pagination import CursorCodec
from wren_backend.vault.boot import open_keys, open_vault, verify_master_keys
from wren_backend.vault.service import Vault
from wren_backend.worker.environment import config_env, override_env
from wren_backend.worker.loop import Worker
from wren_backend.worker.perform import Performer
from wren_core.contract.configuration import check_config
from wren_core.errors import ConfigInvalid, UserFacingConfigError
from wren_core.plugins.disabled import DisabledPlugins
from wren_core.plugins.policy import REFUSAL_CODES, PluginPolicy, first_party_distributions
from wren_core.plugins.registry import Registry
from wren_core.protocol.variables import config_variable

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
    definitions: DefinitionService
    messages: MessageService
    spending: SpendingService
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


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    metrics: Metrics
    database: Database
    vault: Vault
    registry: Registry


def build_services(settings: Settings, *, clock: Clock | None = None, registry: Registry | None = None) -> Services:
    """Open the database, check the master key, load the plugins, choose the sandbox; start nothing yet.

    Raises:
        DataDirUnusable, DatabaseUnusable, MasterKeyMissing, MasterKeyWrong, MasterKeyExposed, MasterKeyInvalid: the
            server must not start; the message says what to mend.
    """
    clock, metrics = clock or SystemClock(), Metrics()
    database, vault = _open_store(settings, clock)
    policy = plugin_policy(settings)
    if registry is None:  # an empty one is a choice, too
        registry = load_registry(database, now=clock.now(), policy=policy)
    check_configured(settings.integrations, registry)
    ground = _Ground(settings=settings, clock=clock, metrics=metrics, database=database, vault=vault, registry=registry)
    runs_root = prepare_runs_root(settings)
    sandbox = choose_sandbox(settings, runs_root)
    executor = Executor(sandbox, runs_root=runs_root, env=policy.to_environ())
    connections = build_connections(
        settings,
        database=database,
        vault=vault,
        clock=clock,
        registry=registry,
        on_refresh=lambda outcome: metrics.refreshes.labels(outcome=outcome).inc(),
    )
    addresses = connections.addresses
    spending = SpendingService(database=database, clock=clock, addresses=addresses)
    ai = AIChoice(registry=registry, addresses=addresses, connected=connections.credentials.list_connected)
    integrations = IntegrationService(
        registry=registry,
        credentials=connections.credentials,
        addresses=addresses,
        ai=ai,
        find_quota_problem=partial(find_quota_problem, database, most=settings.max_deployments),
    )
    worker = _worker(ground, executor, connections, ai, spending)
    cursors = CursorCodec(vault.derive_key("cursors"))
    return Services(
        settings=settings,
        database=database,
        clock=clock,
        metrics=metrics,
        registry=registry,
        sandbox=sandbox,
        runs=RunService(database=database, clock=clock, cursors=cursors),
        deployments=_deployments(ground, executor, connections, integrations, ai, worker, cursors),
        connections=connections,
        integrations=integrations,
        definitions=DefinitionService(registry),
        messages=MessageService(database=database, clock=clock, cursors=cursors),
        spending=spending,
        worker=worker,
        scheduler=_scheduler(ground, connections, worker),
    )


def plugin_policy(settings: Settings) -> PluginPolicy:
    """Return which plugins this process may load.

    Raises:
        UserFacingConfigError: PLUGINS_FOLDER_UNUSABLE, where nobody can tell what was switched off.
    """
    disabled = settings.plugins_disabled
    if disabled is None:
        folder = settings.plugins_folder
        disabled = (DisabledPlugins(folder) if folder else DisabledPlugins.of_environment({})).names()
    return PluginPolicy(
        allow=settings.plugins_allow,
        deny=settings.plugins_deny,
        disabled=disabled,
        safe_mode=settings.plugins_safe_mode,
        time_limit=settings.plugins_time_limit,
        first_party=first_party_distributions(),
    )


def load_registry(database: Database, *, now: datetime, policy: PluginPolicy | None = None) -> Registry:
    """Load the installed plugins that changed; those that fail are logged and shown, and the rest works."""
    registry = open_catalogue(database, now=now, policy=policy)
    for failed in registry.failed.values():
        is_refused = failed.code in REFUSAL_CODES  # somebody wanted that: nothing to wake anyone for
        log.log(
            logging.INFO if is_refused else logging.ERROR,
            "plugin.refused" if is_refused else "plugin.failed",
            plugin=failed.name,
            distribution=failed.distribution,
            version=failed.version,
            code=failed.code,
            reason=failed.reason,
        )
    log.info("plugins.loaded", plugins=registry.names())
    return registry


def check_configured(configured: Mapping[str, IntegrationSettings], registry: Registry) -> None:
    """Check what the operator configured; what is required and missing a connection or a script may give.

    Raises:
        SettingsInvalid: names the variable, the field and the reason.
    """
    for name, settings in configured.items():
        if name not in registry:
            log.warning("settings.integration_unknown", integration=name)
        elif settings.config:
            try:
                check_config(registry.spec(name), settings.config, is_partial=True)
            except ConfigInvalid as exc:
                raise SettingsInvalid(f"{config_variable(name)}: {exc.message}") from exc


def _open_store(settings: Settings, clock: Clock) -> tuple[Database, Vault]:
    for folder in (settings.data_dir, settings.data_dir / "runs"):
        _make_folder(folder)
    database = open_database(settings.database_address())
    try:
        keys = open_keys(database, key_file=settings.key_file, key_text=settings.master_key)
        verify_master_keys(database, keys)  # before anything is written
        migrate(database)
    except DatabaseBusy as exc:
        url = database.engine.url
        raise DatabaseUnusable(
            f"the database at {url.host or url.database}{f':{url.port}' if url.port else ''} does not answer; "
            "check WREN_DATABASE_URL, and that the server runs"
        ) from exc
    return database, open_vault(database, keys, now=clock.now())


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        reason = exc.strerror
    else:
        reason = None if os.access(folder, os.W_OK | os.X_OK) else "it cannot be written"
    if reason is not None:
        raise DataDirUnusable(f"{folder} cannot be used to keep data: {reason}; choose another place with --data-dir")


def _worker(
    ground: _Ground, executor: Executor, connections: ConnectionServices, ai: AIChoice, spending: SpendingService
) -> Worker:
    performer = Performer(
        database=ground.database,
        clock=ground.clock,
        registry=ground.registry,
        executor=executor,
        limits=ground.settings.limits.to_limits(),
        overrides=ground.settings.integrations,
        credentials=connections.credentials,
        choose_ai=ai.choose,
        check_budget=spending.check,
    )
    return Worker(
        performer,
        database=ground.database,
        clock=ground.clock,
        metrics=ground.metrics,
        concurrency=ground.settings.worker_concurrency,
        lease=ground.settings.worker_lease,
    )


def _deployments(
    ground: _Ground,
    executor: Executor,
    connections: ConnectionServices,
    integrations: IntegrationService,
    ai: AIChoice,
    worker: Worker,
    cursors: CursorCodec,
) -> DeploymentService:
    settings = ground.settings
    return DeploymentService(
        database=ground.database,
        clock=ground.clock,
        cursors=cursors,
        describer=executor,
        configuration=lambda subject: override_env(
            [ground.registry.spec(name) for name in settings.integrations if name in ground.registry],
            config_env(connections.connections.list_all(subject)),
            settings.integrations,
        ),
        declared=partial(documents_named, ground.registry),
        check_connections=integrations.check,
        choose_ai=ai.choose,
        wake=worker.wake,
        limits=DeploymentLimits(
            min_interval=settings.min_schedule_interval,
            max_script_bytes=settings.max_script_bytes,
            max_deployments=settings.max_deployments,
        ),
    )


def _scheduler(ground: _Ground, connections: ConnectionServices, worker: Worker) -> Scheduler:
    housekeeping = Housekeeping(database=ground.database, clock=ground.clock, keep_connections=connections.keep_up)
    return Scheduler(
        database=ground.database,
        clock=ground.clock,
        metrics=ground.metrics,
        wake=worker.wake,
        housekeeping=housekeeping.run,
    )
