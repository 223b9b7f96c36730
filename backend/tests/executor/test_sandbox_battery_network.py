"""Ways out of the machine and into it, tried from inside; listeners outside tell whether anything arrived."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest


class Listener:
    """Takes connections or datagrams and remembers that something came."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.arrivals = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def _serve(self) -> None:
        is_stream = self.socket.type == socket.SOCK_STREAM
        while True:
            try:
                arrived = self.socket.accept()[0] if is_stream else self.socket.recv(100)
            except OSError:
                return
            self.arrivals += 1
            if isinstance(arrived, socket.socket):
                arrived.sendall(b"hello")
                arrived.close()

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR) if self.socket.type == socket.SOCK_STREAM else None
        self.socket.close()


@contextmanager
def _listening(family: int, kind: int, address: Any) -> Iterator[Listener]:
    sock = socket.socket(family, kind)
    sock.bind(address)
    if kind == socket.SOCK_STREAM:
        sock.listen()
    listener = Listener(sock)
    try:
        yield listener
    finally:
        listener.close()


@pytest.fixture
def listeners(tmp_path: Path) -> Iterator[dict[str, Listener]]:
    with ExitStack() as stack:
        stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
        yield {
            "allowed": stack.enter_context(_listening(socket.AF_INET, stream, ("127.0.0.1", 0))),
            "tcp": stack.enter_context(_listening(socket.AF_INET, stream, ("127.0.0.1", 0))),
            "all": stack.enter_context(_listening(socket.AF_INET, stream, ("0.0.0.0", 0))),
            "tcp6": stack.enter_context(_listening(socket.AF_INET6, stream, ("::1", 0))),
            "udp": stack.enter_context(_listening(socket.AF_INET, datagram, ("127.0.0.1", 0))),
            "path": stack.enter_context(_listening(socket.AF_UNIX, stream, str(tmp_path / "service.sock"))),
            "abstract": stack.enter_context(_listening(socket.AF_UNIX, stream, "\0wren-battery")),
        }


ATTACK = """
def connect(family, address, protocol=0):
    with socket.socket(family, socket.SOCK_STREAM, protocol) as sock:
        sock.settimeout(3)
        sock.connect(address)
        return sock.recv(5)

def fast_open(port):
    with socket.socket() as sock:
        sock.settimeout(3)
        sock.sendto(b"out", 0x20000000, ("127.0.0.1", port))
        return sock.recv(5)

def send_datagram(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        return sock.sendto(b"out", address)

def talk_to_itself():
    one, other = socket.socketpair()
    one.send(b"x")
    return other.recv(1)

def main():
    inet, inet6, unix = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX
    return {{
        "tcp": attempt(lambda: connect(inet, ("127.0.0.1", {tcp}))),
        "tcp by name": attempt(lambda: connect(inet, ("localhost", {tcp}))),
        "any address": attempt(lambda: connect(inet, ("0.0.0.0", {all}))),
        "other loopback": attempt(lambda: connect(inet, ("127.9.9.9", {all}))),
        "own address": attempt(lambda: connect(inet, (socket.gethostname(), {all}))),
        "mapped": attempt(lambda: connect(inet6, ("::ffff:127.0.0.1", {tcp}))),
        "tcp6": attempt(lambda: connect(inet6, ("::1", {tcp6}))),
        "mptcp": attempt(lambda: connect(inet, ("127.0.0.1", {tcp}), 262)),
        "fast open": attempt(lambda: fast_open({tcp})),
        "metadata service": attempt(lambda: connect(inet, ("169.254.169.254", 80))),
        "public address": attempt(lambda: connect(inet, ("1.1.1.1", 443))),
        "public name": attempt(lambda: connect(inet, ("example.com", 443))),
        "udp": attempt(lambda: send_datagram(inet, ("127.0.0.1", {udp}))),
        "dns": attempt(lambda: send_datagram(inet, ("1.1.1.1", 53))),
        "udp6": attempt(lambda: send_datagram(inet6, ("::1", {udp}))),
        "raw": attempt(lambda: socket.socket(inet, socket.SOCK_RAW, 1)),
        "packet": attempt(lambda: socket.socket(17, socket.SOCK_RAW)),
        "vsock": attempt(lambda: socket.socket(40, socket.SOCK_STREAM)),
        "kernel crypto": attempt(lambda: socket.socket(38, socket.SOCK_SEQPACKET)),
        "bluetooth": attempt(lambda: socket.socket(31, socket.SOCK_STREAM)),
        "unix path": attempt(lambda: connect(unix, {path!r})),
        "unix abstract": attempt(lambda: connect(unix, chr(0) + "wren-battery")),
        "listen": attempt(lambda: socket.socket().listen()),
        "bind": attempt(lambda: socket.create_server(("0.0.0.0", 0))),
        "allowed": attempt(lambda: connect(inet, ("127.0.0.1", {allowed}))),
        "socket pair": attempt(talk_to_itself),
    }}
"""


@pytest.mark.parametrize("declared", [False, True], ids=["no host declared", "one host declared"])
def test_only_declared_hosts_can_be_reached(
    run_script: Any, listeners: dict[str, Listener], tmp_path: Path, declared: bool
):
    ports = {name: listener.port for name, listener in listeners.items() if name not in ("path", "abstract")}
    operator_hosts = (f"127.0.0.1:{ports['allowed']}",) if declared else ()

    ran = run_script.attack(ATTACK.format(**ports, path=str(tmp_path / "service.sock")), operator_hosts=operator_hosts)

    done = {name for name, entry in ran.outcome.result.items() if entry[0] == "done"}
    assert done == ({"allowed", "socket pair"} if declared else {"socket pair"})
    assert ran.outcome.duration.total_seconds() < 5
    arrivals = {name for name, listener in listeners.items() if listener.arrivals}
    assert arrivals == ({"allowed"} if declared else set())


def test_a_declared_name_can_be_reached_by_its_name(run_script: Any, listeners: dict[str, Listener]):
    port = listeners["allowed"].port

    ran = run_script.attack(
        f"""
        def main():
            sock = socket.create_connection(("localhost", {port}), 3)
            return [sock.recv(5).decode(), attempt(lambda: open("/etc/hosts").read())]
        """,
        operator_hosts=(f"localhost:{port}",),
    )

    assert ran.outcome.result[0] == "hello"
    assert "localhost" in ran.outcome.result[1][1]


def test_an_integration_that_declares_a_private_address_is_refused_and_told(
    run_script: Any, listeners: dict[str, Listener]
):
    port = listeners["tcp"].port

    ran = run_script.attack(
        f"""
        def main():
            return attempt(lambda: socket.create_connection(("127.0.0.1", {port}), 3))
        """,
        allow_hosts=(f"127.0.0.1:{port}",),
    )

    assert ran.outcome.result[0] == "refused"
    assert listeners["tcp"].arrivals == 0
    assert f"wren: warning: 127.0.0.1:{port} is a private address" in ran.stderr


def test_a_private_address_opened_by_the_operator_stays_closed_on_the_port_of_an_integration(
    run_script: Any, listeners: dict[str, Listener]
):
    allowed, other = listeners["allowed"].port, listeners["tcp"].port

    ran = run_script.attack(
        f"""
        def main():
            return [attempt(lambda: socket.create_connection(("127.0.0.1", port), 3)) for port in ({allowed}, {other})]
        """,
        allow_hosts=(f"localhost:{other}",),
        operator_hosts=(f"127.0.0.1:{allowed}",),
    )

    assert [entry[0] for entry in ran.outcome.result] == ["done", "refused"]
    assert listeners["tcp"].arrivals == 0


def test_a_host_without_address_is_left_out_and_the_run_goes_on(run_script: Any):
    ran = run_script("def main():\n    return 'ran'", allow_hosts=("no-such-host.invalid:443",))

    assert ran.outcome.result == "ran"
    assert "wren: warning: no-such-host.invalid:443 does not resolve" in ran.stderr
