"""The test kit for authors of integrations: the conformance suite, fake providers, and a server for them."""

from wren_core.testing.contract import IntegrationContract
from wren_core.testing.fake_oauth import FakeOAuth, FakeUser
from wren_core.testing.fake_provider import Chunks, FakeProvider, FakeRequest, FakeResponse, route
from wren_core.testing.serving import SharedFakeServer, serve
from wren_core.testing.tcp_provider import FakeTcpProvider

__all__ = [
    "Chunks",
    "FakeOAuth",
    "FakeProvider",
    "FakeRequest",
    "FakeResponse",
    "FakeTcpProvider",
    "FakeUser",
    "IntegrationContract",
    "SharedFakeServer",
    "route",
    "serve",
]
