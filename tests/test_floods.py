"""A real server while strangers and tenants flood it: the others are still served. Loopback, small numbers."""

import json
import resource
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx2
import psutil
import pytest

from servers.backend import backend, wait_for
from wren_core.testing.patience import patience

HANGING = "import time, wren\ntime.sleep(6)\n\n@wren.on_schedule('0 9 * * *')\ndef never():\n    pass\n"
WAITING = "import time, wren\n\n@wren.on_schedule('0 9 * * *')\ndef wait():\n    print('here')\n    time.sleep(60)\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with few connections for one address, so that a flood of them is small."""
    settings = {
        "WREN_HTTP__CONNECTIONS": "300",
        "WREN_HTTP__CONNECTIONS_PER_ADDRESS": "100",
        "WREN_HTTP__HEAD_TIME": "300",
        "WREN_SANDBOX": "none",
    }
    with backend(tmp_path_factory.mktemp("floods"), settings) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    """Enough descriptors for the connections of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def other_key(server):
    """The key of another workspace."""
    return server.operator("keys", "issue", "other", "--workspace", "other")


def is_alive(server):
    return httpx2.get(f"{server.url}/healthz", timeout=patience(20)).json() == {"status": "ok"}


def is_served(server, key):
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.get(f"{server.url}/v1/runs", headers=headers, timeout=patience(20)).status_code == 200


def dial(server):
    host, _, port = server.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=patience(20))


@contextmanager
def many_connections(server, count, first_bytes=b""):
    with ExitStack() as opened:
        connections = [opened.enter_context(dial(server)) for _ in range(count)]
        for connection in connections:
            if first_bytes:
                connection.sendall(first_bytes)
        yield connections


@pytest.mark.parametrize(
    "first_bytes",
    [
        b"",
        b"GET /v1/runs HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /v1/scripts/deploy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000000\r\n\r\n{",
        b"POST /integrations/x/setup HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\na",
    ],
    ids=["silent", "half a head", "half a body without a key", "half a form"],
)
def test_connections_that_say_nothing_keep_no_client_out(server, first_bytes):
    with many_connections(server, 515, first_bytes):
        assert is_alive(server)
        assert is_served(server, server.key)


def test_bodies_without_a_key_use_no_memory(server):
    head = (
        b"POST /v1/scripts/deploy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 6000000\r\n\r\n"
    )
    before = psutil.Process(server.pid).memory_info().rss
    with many_connections(server, 60, head) as connections:
        for connection in connections:
            connection.settimeout(0.05)
            send_what_is_taken(connection, b" " * 2**20, 4)
        used = psutil.Process(server.pid).memory_info().rss - before
        assert is_alive(server)

    assert used < 60 * 2**20


def send_what_is_taken(connection, block, count):
    try:
        for _ in range(count):
            connection.sendall(block)
    except OSError:
        return


def test_a_head_that_is_not_complete_in_time_ends_its_connection(tmp_path):
    with backend(tmp_path, {"WREN_HTTP__HEAD_TIME": "1", "WREN_SANDBOX": "none"}) as server:
        silent, dripping = dial(server), dial(server)
        dripping.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        with silent, dripping:
            assert silent.recv(10) == b""
            assert drip_until_closed(dripping)


def drip_until_closed(connection):
    """Send a byte now and then; a pause between two is far below the limit."""
    pause = threading.Event()
    for _ in range(round(patience(200))):
        try:
            connection.sendall(b"x")
        except OSError:
            return True
        pause.wait(0.1)
    return False


def test_scripts_that_hang_while_they_are_deployed_keep_no_other_workspace_waiting(server, other_key):
    def deploy(number):
        content = {"script": HANGING, "name": f"hanging-{number}"}
        return server.request("POST", "/v1/scripts/deploy", json=content).status_code

    with ThreadPoolExecutor(42) as threads:
        answers = [threads.submit(deploy, number) for number in range(42)]
        wait_for(lambda: len(psutil.Process(server.pid).children(recursive=True)) >= 2, seconds=30, what="a deploy")
        assert is_alive(server)
        assert is_served(server, other_key)
        assert is_served(server, server.key)
        assert not all(answer.done() for answer in answers)
        terminate_children(server, answers)


def terminate_children(server, answers):
    """End the hanging scripts, so that the test need not wait for each."""
    while not all(answer.done() for answer in answers):
        for child in psutil.Process(server.pid).children(recursive=True):
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        threading.Event().wait(0.2)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 500_000,
        b'{"payload": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b'{"payload": {' + b",".join(b'"k%d": 1' % number for number in range(60_000)) + b"}}",
        b"{" + b",".join(b'"k%d": 1' % number for number in range(60_000)) + b"}",
        b'{"integrations": [], "accounts": {' + b",".join(b'"k%d": 1' % number for number in range(60_000)) + b"}}",
        b'{"' + b"x" * 900_000 + b'": 1}',
    ],
    ids=["open", "deep", "wide", "unknown names", "wrong values", "a long name"],
)
@pytest.mark.parametrize("path", ["/v1/integrations/validate", "/v1/deployments/none/run", "/v1/scripts/deploy"])
def test_an_odd_body_is_refused_with_a_short_answer(server, path, content):
    answer = server.request("POST", path, content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 404, 413, 422), answer.text[:500]
    assert len(answer.content) < 20_000
    assert json.loads(answer.text)["error"]["message"]


def test_many_readers_of_one_log_keep_no_other_workspace_waiting(server, other_key):
    deployed = server.deploy(WAITING, name="waiting")["deployment_id"]
    run_id = server.start_run(deployed)
    head = f"GET /v1/runs/{run_id}/logs HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
    request = f"{head}Authorization: Bearer {server.key}\r\n\r\n".encode()

    with many_connections(server, 90, request) as readers:
        seen = [read_until(reader, b'"text":"here"') for reader in readers]
        assert is_alive(server)
        assert is_served(server, other_key)
        assert is_served(server, server.key)
        server.request("POST", f"/v1/runs/{run_id}/cancel").raise_for_status()
        ended = [read_until(reader, b"event: end") for reader in readers]

    assert all(seen)
    assert all(ended)


def read_until(connection, text):
    """Read until a text has come; False where the connection ends before."""
    received = b""
    while text not in received:
        more = connection.recv(65536)
        if not more:
            return False
        received = received[-len(text) :] + more
    return True
