"""Connections over a real database, a real HTTP server as the provider, and the real app where a test asks for it."""

import html
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from wren_backend.app import create_app
from wren_backend.build import build_services
from wren_backend.clock import ManualClock
from wren_backend.connections.build import ConnectionServices
from wren_backend.connections.context import ConnectionContext
from wren_backend.services import Services
from wren_backend.settings import Settings
from wren_backend.storage.database import Database
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject, issue_key
from wren_backend.testing import add_subject
from wren_backend.vault.keyring import generate_key_line
from wren_core.testing import serve
from wren_core.testing.patience import patience


def _load(path: Path) -> ModuleType:
    """Load a module that other processes load by its path too."""
    name = f"wren_tests_{path.stem}"
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    """The integrations, the provider and the factories of `stand_in.py`."""
    return _load(Path(__file__).with_name("stand_in.py"))


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the present: the stand-in's tokens end by the real one."""
    return ManualClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def key_line() -> str:
    """A master key."""
    return generate_key_line()


@pytest.fixture
def provider(stand_in: ModuleType) -> Any:
    """A provider that rotates refresh tokens."""
    return stand_in.FakeParcel()


@pytest.fixture
def provider_url(provider: Any) -> Iterator[str]:
    """Where it listens."""
    with serve(provider) as url:
        yield url


@pytest.fixture
def context(
    stand_in: ModuleType, database: Database, clock: ManualClock, key_line: str, provider_url: str
) -> Iterator[ConnectionContext]:
    """The ports of connections, on each kind of database."""
    context = stand_in.make_context(database, clock=clock, key_line=key_line, base_url=provider_url)
    yield context
    context.endpoint.dispose()


@pytest.fixture
def services(context: ConnectionContext) -> ConnectionServices:
    """The use cases over that context."""
    return ConnectionServices.of(context)


@pytest.fixture
def subject(database: Database) -> Subject:
    """A user in a separate workspace."""
    return add_subject(database)


@pytest.fixture
def stranger(database: Database) -> Subject:
    """A user of another workspace."""
    return add_subject(database)


@pytest.fixture
def platform(
    stand_in: ModuleType, database: Database, clock: ManualClock, key_line: str, provider_url: str, tmp_path: Path
) -> Iterator[Services]:
    """The whole backend over that database, with the stand-ins' registry and provider; nothing of it is started."""
    settings = Settings(
        data_dir=tmp_path / "data",
        database_url=SecretStr(database.engine.url.render_as_string(hide_password=False)),
        master_key=SecretStr(key_line),
        public_url=stand_in.PUBLIC_URL,
        providers=stand_in.provider_settings(provider_url),
        sandbox="none",
    )
    services = build_services(settings, clock=clock, registry=stand_in.registry())
    yield services
    services.connections.close()
    services.database.dispose()


@pytest.fixture
def base_url(platform: Services) -> Iterator[str]:
    """Where the app listens. Its public address is another one, as behind a proxy."""
    with serve(create_app(platform)) as url:
        yield url


@pytest.fixture
def key_for(database: Database, clock: ManualClock) -> Callable[[Subject], str]:
    """Issue an API key for a subject."""

    def issue(subject: Subject) -> str:
        with database.writing() as session:
            user = tenancy.find_user(session, subject.workspace_id, subject.user_id)
            return issue_key(session, user, name="test", now=clock.now()).plain.get_secret_value()

    return issue


@pytest.fixture
def api(base_url: str, subject: Subject, key_for: Callable[[Subject], str]) -> Iterator[httpx2.Client]:
    """A client of the API with the subject's key."""
    with httpx2.Client(
        base_url=base_url, headers={"Authorization": f"Bearer {key_for(subject)}"}, timeout=patience(5)
    ) as client:
        yield client


class Browser:
    """A browser: cookies, no automatic redirects, and a way through the proxy to the app."""

    def __init__(self, public_url: str, base_url: str) -> None:
        self._public_url, self._base_url = public_url, base_url
        self.client = httpx2.Client(timeout=patience(5))

    def get(self, url: str, **options: Any) -> httpx2.Response:
        """Visit an address."""
        return self.client.get(url.replace(self._public_url, self._base_url), **options)

    def post(self, url: str, fields: dict[str, str], **options: Any) -> httpx2.Response:
        """Send a form."""
        return self.client.post(url.replace(self._public_url, self._base_url), data=fields, **options)

    def depart(self, link: str) -> httpx2.Response:
        """Press the button of the page of a connect link, and return what sends the browser to the provider."""
        return self.post(link, {"link": link.rpartition("link=")[2]})

    def consent(self, departure: httpx2.Response, email: str) -> str:
        """Choose an account on the provider's page, and return the address it sends the browser back to."""
        page = self.client.get(departure.headers["location"])
        for form in re.findall(r"<form.*?</form>", page.text, re.DOTALL):
            fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
            if fields["email"] == email:
                return str(self.client.post(page.url.join("/authorize"), data=fields).headers["location"])
        raise LookupError(f"{email or 'refusal'} is not offered:\n{page.text}")


@pytest.fixture
def new_browser(stand_in: ModuleType, base_url: str) -> Iterator[Callable[[], Browser]]:
    """Open browsers that know nothing of one another."""
    opened: list[Browser] = []

    def open_one() -> Browser:
        opened.append(Browser(stand_in.PUBLIC_URL, base_url))
        return opened[-1]

    yield open_one
    for browser in opened:
        browser.client.close()


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    """A browser."""
    return new_browser()
