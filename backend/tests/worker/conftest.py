import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest

from wren_backend.clock import SystemClock
from wren_backend.connections.addresses import Addresses
from wren_backend.deployments import repository as deployments
from wren_backend.deployments.repository import NewScript
from wren_backend.executor.executor import Executor
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.sandboxes import PlainSandbox
from wren_backend.metrics import Metrics
from wren_backend.runs import lease_repository as leases
from wren_backend.runs import repository as runs
from wren_backend.storage.errors import DatabaseBusy
from wren_backend.tenancy import repository as tenancy
from wren_backend.worker.loop import Worker
from wren_backend.worker.perform import Performer
from wren_core.plugins.discovery import Discovery
from wren_core.plugins.registry import Registry
from wren_core.testing.patience import patience


class Unsteady:
    """A database that does not answer the next so many times it is asked."""

    def __init__(self, database, *, reads=0, writes=0):
        self.database = database
        self.left = {"read": reads, "write": writes}

    @contextmanager
    def reading(self):
        self._answer("read")
        with self.database.reading() as session:
            yield session

    @contextmanager
    def writing(self):
        self._answer("write")
        with self.database.writing() as session:
            yield session

    def _answer(self, access):
        if self.left[access]:
            self.left[access] -= 1
            raise DatabaseBusy("the database did not answer")


class Workplace:
    """A workspace with a user, and what tests do in it."""

    def __init__(self, database, tmp_path):
        self.database = database
        self.clock = SystemClock()
        self.metrics = Metrics()
        self.runs_root = tmp_path / "runs"
        with database.writing() as session:
            workspace = tenancy.add_workspace(session, "acme", name="Acme", now=self.clock.now())
            self.user = tenancy.add_user(session, workspace.id, name="alice", now=self.clock.now())

    def deploy(self, script, name="job", **declared):
        with self.database.writing() as session:
            new = NewScript(name=name, script=script, declared={"integrations": [], **declared})
            stored = deployments.create_or_new_version(
                session, self.user.workspace_id, self.user.id, new, now=self.clock.now()
            )
        return stored.deployment

    def enqueue(self, deployment, *, key="1", func="job"):
        request = runs.RunRequest(
            workspace_id=self.user.workspace_id,
            deployment_id=deployment.id,
            version=deployment.version,
            user_id=deployment.user_id,
            func=func,
            trigger_type="manual",
            event={"trigger": "manual", "payload": {"n": 7}},
            event_key=key,
        )
        with self.database.writing() as session:
            return runs.enqueue(session, request, now=self.clock.now()).run

    def claim(self, *, lease=timedelta(seconds=30)):
        with self.database.writing() as session:
            return leases.claim_next(session, "a test", lease=lease, now=self.clock.now())

    def run(self, run_id):
        with self.database.reading() as session:
            return runs.find_run(session, self.user.workspace_id, run_id)

    def performer(self, **options):
        values = {
            "database": self.database,
            "clock": self.clock,
            "registry": Registry.from_discovery(Discovery()),
            "executor": Executor(PlainSandbox(), runs_root=self.runs_root),
            "limits": Limits(wall=timedelta(seconds=20)),
            "overrides": {},
            "credentials": SimpleNamespace(select=lambda subject, name, alias=None: None, open=None, refresh=None),
            "choose_ai": lambda subject, **choice: "none of these tests calls a model",
            "check_budget": lambda workspace_id: None,
            "hide_secrets": lambda subject, error: dict(error),
            "own_links": Addresses(public_url="http://wren.test").own_links,
        }
        return Performer(**{**values, **options})

    def unsteady(self, **failures):
        return Unsteady(self.database, **failures)

    def worker(self, *, concurrency=1, lease=timedelta(seconds=30), queue=None, **options):
        return Worker(
            self.performer(**options),
            database=queue or self.database,
            clock=self.clock,
            metrics=self.metrics,
            concurrency=concurrency,
            lease=lease,
        )

    def until_final(self, run_id, *, seconds=30):
        stop = threading.Event()
        started = time.monotonic()
        while not (run := self.run(run_id)).status.is_final:
            if time.monotonic() - started > patience(seconds):
                raise AssertionError(f"the run is still {run.status}")
            stop.wait(0.05)
        return run


@pytest.fixture
def workplace(database, tmp_path):
    return Workplace(database, tmp_path)
