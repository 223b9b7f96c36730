"""How Wren proves to a token endpoint which client it is, and finding out what the endpoint takes.

RFC 6749 (2.3.1) asks servers to take HTTP Basic and lets them take the secret in the body; many take one of them only,
and say `invalid_client` to the other. What worked is remembered for the life of the process.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from urllib.parse import quote_plus

from wren_backend.connections.oauth.providers import Provider


class ClientAuth(Enum):
    """A way to authenticate a client."""

    NONE = "none"
    """A public client names itself only."""
    POST = "client_secret_post"
    BASIC = "client_secret_basic"
    PLAIN_BASIC = "client_secret_basic, unescaped"
    """Servers that do not undo the escapes which RFC 6749 prescribes inside of HTTP Basic."""


@dataclass(frozen=True)
class ClientProof:
    """What a request carries to authenticate the client."""

    fields: dict[str, str] = field(default_factory=dict, repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)


class KnownMethods:
    """What the endpoints of this process took. Thread-safe."""

    def __init__(self) -> None:
        self._worked: dict[tuple[str, str], ClientAuth] = {}
        self._lock = Lock()

    def order(self, provider: Provider) -> list[ClientAuth]:
        """Return the methods to try, the one that worked before first."""
        methods = list_methods(provider)
        with self._lock:
            worked = self._worked.get(_endpoint_of(provider))
        return sorted(methods, key=lambda method: method is not worked)

    def remember(self, provider: Provider, method: ClientAuth) -> None:
        """Record that the endpoint took a method."""
        with self._lock:
            self._worked[_endpoint_of(provider)] = method


def list_methods(provider: Provider) -> list[ClientAuth]:
    """Return the methods that may work: the declared one, or all of them where none is declared."""
    if not provider.client_secret:
        return [ClientAuth.NONE]
    basic = list(_list_basic(provider.client_id, provider.client_secret))
    if provider.client_auth == ClientAuth.BASIC.value:
        return basic
    # The body first: more servers take only that than take only HTTP Basic.
    return [ClientAuth.POST] if provider.client_auth == ClientAuth.POST.value else [ClientAuth.POST, *basic]


def make_proof(provider: Provider, method: ClientAuth) -> ClientProof:
    """Return what authenticates the client by that method."""
    client_id, secret = provider.client_id, provider.client_secret or ""
    if method is ClientAuth.NONE:
        return ClientProof(fields={"client_id": client_id})
    if method is ClientAuth.POST:
        return ClientProof(fields={"client_id": client_id, "client_secret": secret})
    if method is ClientAuth.BASIC:
        client_id, secret = quote_plus(client_id), quote_plus(secret)
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return ClientProof(headers={"Authorization": f"Basic {pair}"})


def _list_basic(client_id: str, secret: str) -> Iterator[ClientAuth]:
    yield ClientAuth.BASIC
    if quote_plus(client_id + secret) != client_id + secret:
        yield ClientAuth.PLAIN_BASIC


def _endpoint_of(provider: Provider) -> tuple[str, str]:
    return provider.token_url, provider.client_id
