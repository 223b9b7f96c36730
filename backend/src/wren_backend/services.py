"""The parts of one backend process, and how they start and stop. `build` makes them."""

import threading
from dataclasses import dataclass

from wren_backend.clock import Clock
from wren_backend.connections.build import ConnectionServices
from wren_backend.definitions.service import DefinitionService
from wren_backend.deployments.service import DeploymentService
from wren_backend.executor.bytecode import compile_imports
from wren_backend.executor.port import Sandbox
from wren_backend.integrations.service import IntegrationService
from wren_backend.messages.service import MessageService
from wren_backend.metrics import Metrics
from wren_backend.runs.service import RunService
from wren_backend.runs.stream import LogStreams
from wren_backend.scheduler.loop import Scheduler
from wren_backend.settings import Settings
from wren_backend.spending.service import SpendingService
from wren_backend.storage.database import Database
from wren_backend.worker.loop import Worker
from wren_core.plugins.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything the backend is made of. Routers find it in `app.state.services`."""

    settings: Settings
    database: Database
    clock: Clock
    metrics: Metrics
    registry: Registry
    sandbox: Sandbox
    runs: RunService
    log_streams: LogStreams
    deployments: DeploymentService
    connections: ConnectionServices
    integrations: IntegrationService
    definitions: DefinitionService
    messages: MessageService
    spending: SpendingService
    worker: Worker
    scheduler: Scheduler

    def start(self) -> None:
        """Begin to claim runs and to fire schedules."""
        threading.Thread(target=compile_imports, name="wren-compile", daemon=True).start()
        self.worker.start()
        self.scheduler.start()

    def stop(self) -> None:
        """Stop firing, finish the active runs, close the database."""
        self.scheduler.stop()
        self.worker.stop(grace=self.settings.shutdown_grace)
        self.connections.close()
        self.database.dispose()
