"""The two databases: every test that asks for one runs on SQLite and on PostgreSQL."""

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from starlette.testclient import TestClient

from wren_backend.app import create_app
from wren_backend.build import build_services
from wren_backend.clock import Clock
from wren_backend.deployments.models import Deployment
from wren_backend.migrations.schema import metadata
from wren_backend.runs import cost_repository as run_costs
from wren_backend.runs.cost_repository import NewCall
from wren_backend.runs.models import Run
from wren_backend.services import Services
from wren_backend.settings import Settings
from wren_backend.storage.database import Database, open_database
from wren_backend.storage.migration import migrate
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject, issue_key
from wren_backend.testing import NOW, add_deployment, add_run, add_subject
from wren_core.plugins.discovery import Discovery
from wren_core.plugins.registry import Registry
from wren_core.testing.patience import patience

T = TypeVar("T")
_numbers = itertools.count(1)
CALL = NewCall(
    id="",
    integration="parrot",
    model="grey",
    outcome="ok",
    input_tokens=1000,
    cached_input_tokens=10,
    output_tokens=200,
    images=0,
    nano_usd=1_500_000,
    is_estimated=False,
    at=NOW,
)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "wren.db"
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    database.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database on the server of this worker, emptied for every test."""
    with request.getfixturevalue("postgres_server").database() as url:
        database = open_database(url)
        migrate(database)
        yield database
        database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty database: the test runs once on each kind."""
    if request.param == "postgresql":
        database = request.getfixturevalue("migrated_postgres")
        tables = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        with database.engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {tables} CASCADE"))
        yield database
        return
    path = tmp_path / "wren.db"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
    database = open_database(f"sqlite:///{path}")
    yield database
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A separate database without tables: the test runs once on each kind."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'empty.db'}" if is_sqlite else request.getfixturevalue("postgres_url")
    database = open_database(url)
    yield database
    database.dispose()


@pytest.fixture
def together() -> Callable[[int, Callable[[int], T]], list[T]]:
    """Run a function in so many threads, all let go at the same moment, and return what each returned."""

    def run(count: int, function: Callable[[int], T]) -> list[T]:
        start = threading.Barrier(count)

        def one(number: int) -> T:
            start.wait(timeout=patience(30))
            return function(number)

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    return run


@dataclass(frozen=True, kw_only=True)
class Member:
    """A user in a separate workspace, with an API key."""

    subject: Subject
    key: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What its requests carry."""
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture
def build_platform(database: Database, tmp_path: Path) -> Iterator[Callable[..., Services]]:
    """Build the whole backend over that database: no integrations, no isolation, and nothing of it is started."""
    built: list[Services] = []

    def build(*, clock: Clock | None = None, registry: Registry | None = None, **settings: Any) -> Services:
        values = {
            "data_dir": tmp_path / "data",
            "database_url": SecretStr(database.engine.url.render_as_string(hide_password=False)),
            "sandbox": "none",
            **settings,
        }
        chosen = Registry.from_discovery(Discovery()) if registry is None else registry
        built.append(build_services(Settings(**values), clock=clock, registry=chosen))
        return built[-1]

    yield build
    for platform in built:
        platform.connections.close()
        platform.database.dispose()


@pytest.fixture
def platform(build_platform: Callable[..., Services]) -> Services:
    """The whole backend over that database."""
    return build_platform()


@pytest.fixture
def admit(platform: Services) -> Callable[[], Member]:
    """Make a user in a new workspace, with an API key."""

    def admit_one() -> Member:
        subject = add_subject(platform.database)
        with platform.database.writing() as session:
            user = tenancy.find_user(session, subject.workspace_id, subject.user_id)
            issued = issue_key(session, user, name="test", now=platform.clock.now())
        return Member(subject=subject, key=issued.plain.get_secret_value())

    return admit_one


@pytest.fixture
def member(admit: Callable[[], Member]) -> Member:
    """A user with an API key."""
    return admit()


@pytest.fixture
def client_of(platform: Services) -> Iterator[Callable[..., TestClient]]:
    """Open a client of the API for a member, or without a key; the worker and the scheduler are not started."""
    app, opened = create_app(platform), list[TestClient]()

    def open_one(whose: Member | None = None) -> TestClient:
        headers = {} if whose is None else whose.headers
        opened.append(TestClient(app, headers=headers, raise_server_exceptions=False))
        return opened[-1]

    yield open_one
    for client in opened:
        client.close()


@pytest.fixture
def client(client_of: Callable[..., TestClient], member: Member) -> TestClient:
    """A client of the API with the member's key."""
    return client_of(member)


@pytest.fixture
def call() -> Callable[..., NewCall]:
    """Make a call of a model; fields that are given replace the usual ones."""
    return lambda **fields: replace(CALL, id=f"aic_{next(_numbers)}", **fields)


@pytest.fixture
def spend(call: Callable[..., NewCall]) -> Callable[..., tuple[Deployment, Run]]:
    """Record calls of a run of a deployment, which is made where none is given; return both."""

    def record(
        database: Database,
        subject: Subject,
        *calls: NewCall,
        deployment: Deployment | None = None,
        at: datetime = NOW,
    ) -> tuple[Deployment, Run]:
        deployment = deployment or add_deployment(database, subject, now=at - timedelta(days=60))
        run = add_run(database, deployment, now=at)
        with database.writing() as session:
            run_costs.record_calls(session, run, [replace(item, at=at) for item in calls or (call(),)])
        return deployment, run

    return record
