"""Real servers once per session, with certificates of a test authority: pymap for IMAP, aiosmtpd for SMTP."""

import imaplib
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from servers.process import dies_with_its_parent, free_port
from wren_core.testing.patience import patience
from wren_imap import IMAP

USER, PASSWORD = "ann@example.com", "s3cret-word"
# Its default password hash takes half a second per login, and there is no option for it.
PYMAP = """
from pymap.config import IMAPConfig
from pymap.main import main
from pysasl.hashing import BuiltinHash
IMAPConfig._get_hash_context = classmethod(lambda cls, path: BuiltinHash(rounds=1))
main()
"""


@dataclass(kw_only=True)
class Servers:
    """Ports of the servers, and the messages that the SMTP servers received."""

    imap: int
    """Without encryption."""
    imap_starttls: int
    imap_tls: int
    smtp_starttls: int
    smtp_tls: int
    authority: Path
    taken: list[Any] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    """What the SMTP servers say to a recipient, or to `DATA`."""

    def box(self) -> imaplib.IMAP4:
        """Log in directly, without the integration."""
        box = imaplib.IMAP4("127.0.0.1", self.imap)
        box.login(USER, PASSWORD)
        return box


class Handler:
    """Stores received messages, and refuses the recipients that a test selects."""

    def __init__(self, taken: list[Any], replies: dict[str, str]) -> None:
        self._taken, self._replies = taken, replies

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self._replies:
            return self._replies[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self._replies.get("DATA") == "hang up":
            server.transport.abort()
        elif "DATA" not in self._replies:
            self._taken.append(envelope)
        return self._replies.get("DATA", "250 queued")


def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)  # not handled here: the server writes the reply


def relay(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """Put TLS in front of a server that only supports STARTTLS."""

    def copy(source: Any, target: Any) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(client: socket.socket) -> None:
        with (
            client,
            suppress(OSError),
            context.wrap_socket(client, server_side=True) as secure,
            socket.create_connection(("127.0.0.1", port)) as inner,
        ):
            back = threading.Thread(target=copy, args=(inner, secure), daemon=True)
            back.start()
            copy(secure, inner)
            back.join()

    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(client,), daemon=True).start()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Start the servers."""
    folder = tmp_path_factory.mktemp("mail")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(tls)
    taken: list[Any] = []
    replies: dict[str, str] = {}
    options = {"authenticator": authenticate, "hostname": "127.0.0.1"}
    handler = Handler(taken, replies)
    smtp = Controller(handler, port=free_port(), tls_context=tls, require_starttls=True, auth_required=True, **options)
    smtps = Controller(handler, port=free_port(), ssl_context=tls, auth_require_tls=False, **options)
    certified = ("--cert", str(folder / "server.pem"))
    with (
        pymap("--no-tls") as plain,
        pymap(*certified) as starttls,
        socket.create_server(("127.0.0.1", 0)) as front,
    ):
        threading.Thread(target=relay, args=(front, tls, plain), daemon=True).start()
        smtp.start()
        smtps.start()
        yield Servers(
            imap=plain,
            imap_starttls=starttls,
            imap_tls=front.getsockname()[1],
            smtp_starttls=smtp.port,
            smtp_tls=smtps.port,
            authority=folder / "authority.pem",
            taken=taken,
            replies=replies,
        )
        smtp.stop()
        smtps.stop()
        front.shutdown(socket.SHUT_RDWR)


@contextmanager
def pymap(*options: str) -> Iterator[int]:
    """Run an IMAP server with one empty account, and yield its port."""
    port = free_port()
    where = ("--host", "127.0.0.1", "--port", str(port))
    account = ("dict", "--demo-user", USER, "--demo-password", PASSWORD)
    command = [*dies_with_its_parent(), sys.executable, "-c", PYMAP, *where, *options, *account]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            yield port
        finally:
            process.kill()


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers."""
    started = time.monotonic()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() - started > patience(20) or process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def mail(servers: Servers) -> Servers:
    """The servers with an empty account: the inbox and the folder Archive."""
    servers.taken.clear()
    servers.replies.clear()
    box = servers.box()
    for folder in ("INBOX", "Archive"):
        if folder != "INBOX" and box.select(folder)[0] != "OK":
            box.create(folder)
        box.select(folder)
        box.store("1:*", "+FLAGS", "(\\Deleted)")
        box.expunge()
    box.logout()
    return servers


@pytest.fixture
def deliver(mail: Servers) -> Callable[..., str]:
    """Put a message into a folder and return its number."""

    def perform(raw: bytes, *, folder: str = "INBOX", flags: str = "") -> str:
        box = mail.box()
        box.append(folder, flags, imaplib.Time2Internaldate(time.time()), raw.replace(b"\n", b"\r\n"))
        told = box.response("APPENDUID")[1][0].decode().split()
        box.logout()
        return f"{folder}:{told[0]}:{told[1]}"

    return perform


@pytest.fixture
def connect(mail: Servers) -> Iterator[Callable[..., IMAP]]:
    """Connect with configuration values."""
    made: list[IMAP] = []

    def perform(*, username: str = USER, password: str = PASSWORD, **config: Any) -> IMAP:
        imap = {"host": "127.0.0.1", "port": mail.imap, "security": "plain"}
        smtp = {"smtp_host": "127.0.0.1", "smtp_port": mail.smtp_tls, "smtp_security": "tls"}
        credentials = {"username": username, "password": password}
        made.append(IMAP.create({**imap, **smtp, **config}, credentials=credentials))
        return made[-1]

    yield perform
    for integration in made:
        integration.close()


@pytest.fixture
def imap(connect: Callable[..., IMAP], mail: Servers, monkeypatch: pytest.MonkeyPatch) -> IMAP:
    """The integration, on a machine that trusts the test authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(mail.authority))
    return connect()
