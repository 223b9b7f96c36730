"""Exceptions of a client library whose classes mislead, raised by a real server."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from valkey import Valkey
from valkey.exceptions import AuthenticationError
from valkey.exceptions import ConnectionError as LibraryConnectionError

from servers.valkey import valkey
from wren_core import AuthFailed, Integration, IntegrationSpec, Rejected, Unavailable, method
from wren_core.http_status import verdict_for_exception


class Cache(Integration):
    """A cache, called by the library of its server."""

    spec = IntegrationSpec(name="cache", display_name="Cache")
    port: int
    password: str | None = None
    username: str | None = None

    @method
    def size(self) -> int:
        """Count the keys."""
        login = {"username": self.username, "password": self.password}
        with closing(Valkey(port=self.port, socket_timeout=30, **login)) as client:
            return int(client.dbsize())


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server whose users have passwords; `reader` may only read."""
    with valkey() as server:
        server.command("ACL", "SETUSER", "reader", "on", ">right", "~*", "+get", "+client|setinfo", "+hello")
        server.command("CONFIG", "SET", "requirepass", "secret")
        yield server.port


def cache(port: int, **login: str) -> Cache:
    made = Cache.create()
    made.port = port
    for name, value in login.items():
        setattr(made, name, value)
    return made


def test_the_library_derives_a_refused_password_from_a_broken_connection():
    assert issubclass(AuthenticationError, LibraryConnectionError)


@pytest.mark.parametrize("login", [{"password": "wrong"}, {}, {"username": "unknown", "password": "x"}])
def test_a_refused_password_is_refused_and_not_a_server_that_is_down(port, login):
    with pytest.raises(AuthFailed) as caught:
        cache(port, **login).size()

    assert caught.value.can_retry is False


def test_a_missing_permission_is_a_refusal(port):
    with pytest.raises(Rejected):
        cache(port, username="reader", password="right").size()


def test_the_right_password_works(port):
    assert cache(port, password="secret").size() == 0


def test_a_server_that_is_away_is_unavailable():
    with pytest.raises(Unavailable) as caught:
        cache(1, password="secret").size()

    assert verdict_for_exception(caught.value) is caught.value
