"""A real WebDAV server (WsgiDAV) once per session, with a separate share for every test."""

import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from wsgidav.wsgidav_app import WsgiDAVApp

from wren_webdav import WebDAV


class WholeBody:
    """Ends the body of a request at its content length; the server's own stream would wait for more."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        return self._app(environ, start_response)


class Server(ThreadingMixIn, WSGIServer):
    """Serves requests in parallel."""

    daemon_threads = True


class Handler(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="session")
def shares(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The served folder and its URL."""
    folder = tmp_path_factory.mktemp("shares")
    settings = {
        "provider_mapping": {"/files": {"root": str(folder)}},
        "simple_dc": {"user_mapping": {"*": {"ann": {"password": "s3cret-word"}}}},
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "logging": {"enable": False},
        "verbose": 0,
    }
    app = WholeBody(WsgiDAVApp(settings))
    with make_server("127.0.0.1", 0, app, server_class=Server, handler_class=Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/files"
        server.shutdown()
        thread.join()


@pytest.fixture
def share(shares: tuple[Path, str], tmp_path: Path) -> Path:
    """The share of the running test, as a folder."""
    folder = shares[0] / tmp_path.name
    (folder / "reports" / "2026").mkdir(parents=True)
    (folder / "reports" / "may.txt").write_text("Sold: 3\n")
    (folder / "reports" / "Übersicht & Plan #1.txt").write_text("Grüße\n")
    (folder / "reports" / "2026" / "May.PDF").write_bytes(b"%PDF-1.4\xff")
    return folder


@pytest.fixture
def connect(shares: tuple[Path, str], share: Path) -> Iterator[Callable[..., WebDAV]]:
    """Connect to the share with configuration values."""
    made: list[WebDAV] = []

    def perform(*, password: str = "s3cret-word", **config: Any) -> WebDAV:
        values = {"url": f"{shares[1]}/{share.name}", **config}
        made.append(WebDAV.create(values, credentials={"username": "ann", "password": password}))
        return made[-1]

    yield perform
    for integration in made:
        integration.close()


@pytest.fixture
def webdav(connect: Callable[..., WebDAV]) -> WebDAV:
    """The integration with only the URL configured."""
    return connect()
