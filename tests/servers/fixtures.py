"""The fixtures for all tests of the workspace.

Their imports are inside the functions, because a distribution that is tested alone has neither the drivers nor the
programs of the servers, and uses none of them. Each worker of a parallel run has its own servers: they start in less
than a second, and no coordination is needed to stop them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from servers.aimock import Aimock
    from servers.emulate import Emulate
    from servers.postgres import Postgres
    from servers.proxy import Proxy
    from servers.valkey import Valkey


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[Postgres]":
    """PostgreSQL 18, once per worker."""
    from servers.postgres import postgres

    with postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: "Postgres") -> Iterator[str]:
    """The SQLAlchemy URL of an empty database for one test."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def valkey_server() -> "Iterator[Valkey]":
    """Valkey, once per worker."""
    from servers.valkey import valkey

    with valkey() as server:
        yield server


@pytest.fixture
def valkey_url(valkey_server: "Valkey") -> str:
    """The redis:// URL of an emptied server."""
    valkey_server.command("FLUSHALL")
    return valkey_server.url


@pytest.fixture
def start_emulate() -> "Iterator[Callable[..., Emulate]]":
    """Start Google and Slack with `google_redirects=[...]` and `slack_redirects=[...]`; they end with the test."""
    from servers.emulate import emulate

    with ExitStack() as stack:
        yield lambda **redirects: stack.enter_context(emulate(**redirects))


@pytest.fixture(scope="session")
def aimock_server() -> "Iterator[Aimock]":
    """Models of OpenAI and Anthropic, once per worker; their only state is the list of requests."""
    from servers.aimock import aimock

    with aimock() as server:
        yield server


@pytest.fixture
def start_proxy() -> "Iterator[Callable[[str], Proxy]]":
    """Start a fault-injecting proxy in front of a URL; it ends with the test."""
    from servers.proxy import proxy

    with ExitStack() as stack:
        yield lambda upstream: stack.enter_context(proxy(upstream))
