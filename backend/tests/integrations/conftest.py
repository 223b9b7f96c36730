"""The catalogue over the stand-in integrations of the tests of connections; no provider is there to be asked."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

import httpx2
import pytest
from fastapi import FastAPI

from wren_backend.clock import ManualClock
from wren_backend.connections.build import ConnectionServices
from wren_backend.connections.context import ConnectionContext
from wren_backend.http.errors import install_error_handlers
from wren_backend.http.guard import HttpGuard
from wren_backend.integrations import router as integrations
from wren_backend.integrations.ai_choice import AIChoice
from wren_backend.integrations.service import IntegrationService
from wren_backend.metrics import Metrics
from wren_backend.settings import HttpSettings
from wren_backend.storage.database import Database
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject, authenticate, issue_key
from wren_backend.testing import add_subject
from wren_backend.vault.keyring import generate_key_line
from wren_core.testing import serve
from wren_core.testing.patience import patience


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    """The stand-ins that the tests of connections use."""
    name, path = "wren_tests_stand_in", Path(__file__).parents[1] / "connections" / "stand_in.py"
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def context(stand_in: ModuleType, database: Database) -> ConnectionContext:
    """The ports of connections; nothing listens where the provider would be."""
    clock = ManualClock(datetime.now(UTC))
    return stand_in.make_context(database, clock=clock, key_line=generate_key_line(), base_url="http://127.0.0.1:9")


@pytest.fixture
def service(context: ConnectionContext) -> IntegrationService:
    """The catalogue."""
    credentials = ConnectionServices.of(context).credentials
    ai = AIChoice(registry=context.registry, addresses=context.addresses, connected=credentials.list_connected)
    return IntegrationService(
        registry=context.registry,
        credentials=credentials,
        addresses=context.addresses,
        ai=ai,
        providers=context.providers,
    )


@pytest.fixture
def subject(database: Database) -> Subject:
    """A user in a separate workspace."""
    return add_subject(database)


@pytest.fixture
def api(context: ConnectionContext, service: IntegrationService, subject: Subject) -> Iterator[httpx2.Client]:
    """A client of the catalogue with the subject's key."""
    app = FastAPI()
    app.state.services = SimpleNamespace(database=context.database, clock=context.clock, integrations=service)
    install_error_handlers(app)
    app.include_router(integrations.router)
    app.add_middleware(
        HttpGuard,
        limits=HttpSettings().to_limits(),
        script_body_bytes=2**20,
        metrics=Metrics(),
        authenticate=lambda key: authenticate(context.database, key, now=context.clock.now()),
    )
    with context.database.writing() as session:
        user = tenancy.find_user(session, subject.workspace_id, subject.user_id)
        key = issue_key(session, user, name="test", now=context.clock.now()).plain.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"}
    with serve(app) as url, httpx2.Client(base_url=url, headers=headers, timeout=patience(5)) as client:
        yield client
