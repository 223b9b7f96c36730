"""What authors and hosts test with: the conformance suite, fake providers, and a server for them."""

from wren_core.testing.contract import IntegrationContract
from wren_core.testing.fake_oauth import FakeOAuth, FakeUser
from wren_core.testing.fake_provider import Chunks, FakeProvider, FakeRequest, FakeResponse, route
from wren_core.testing.fake_server import TcpFake
from wren_core.testing.serving import FakeStage, serve

__all__ = [
    "Chunks",
    "FakeOAuth",
    "FakeProvider",
    "FakeRequest",
    "FakeResponse",
    "FakeStage",
    "FakeUser",
    "IntegrationContract",
    "TcpFake",
    "route",
    "serve",
]
