"""Hosts from configuration, through the real sandbox: a deployed script reaches the database that the operator
configured, on any port, and no host in the operator's network that a user's connection names.
"""

import socket
import threading
from contextlib import contextmanager

import pytest

from servers.backend import backend

SCRIPT = """
import wren

postgres = wren.integrations.postgres.init()


@wren.on_schedule("0 9 * * *")
def report(event):
    return [row["n"] for row in postgres.query("SELECT n FROM generate_series(1, $1::int) AS n", [3]).rows]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory, postgres_server):
    """A backend whose operator configured a database server on this machine."""
    config = f'{{"host": "127.0.0.1", "port": {postgres_server.port}, "sslmode": "disable"}}'
    with backend(tmp_path_factory.mktemp("backend"), {"WREN_INTEGRATIONS__POSTGRES__CONFIG": config}) as running:
        running.wren("connect", "postgres", "--value", "username=postgres", "--value", "password=only-for-tests")
        yield running


@contextmanager
def listening():
    """Listen on a port, and yield it with the received connections."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept():
            try:
                while True:
                    came.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1], came
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    for client in came:
        client.close()


def run(server, name):
    deployment = server.deploy(SCRIPT, name=name)
    return server.finished_run(server.start_run(deployment["deployment_id"]))


def test_a_deployed_script_queries_the_database_that_the_operator_configured(server):
    ended = run(server, "as configured")

    assert (ended["status"], ended["result"]) == ("success", [1, 2, 3]), server.log_text(ended["run_id"])
    assert [(call["method"], call["outcome"]) for call in ended["calls"]] == [("query", "ok")]


def test_a_users_connection_cannot_reach_other_ports_of_this_machine(server):
    with listening() as (port, came):
        server.wren("connect", "postgres", "--config", f"port={port}")

        ended = run(server, "another port")

        text = server.log_text(ended["run_id"])
        server.wren("connect", "postgres", "--config", "host=10.255.255.1")
        private = run(server, "a private host")

    assert (ended["status"], ended["error"]["code"]) == ("failed", "PROVIDER_UNAVAILABLE")
    assert came == []
    assert f"127.0.0.1:{port} is a private address" in text
    assert (private["status"], private["error"]["code"]) == ("failed", "PROVIDER_UNAVAILABLE")


def test_an_invalid_host_ends_the_run_before_it_starts(server):
    connection = server.get("/v1/connections")["connections"][0]
    answer = server.request("PATCH", f"/v1/connections/{connection['id']}", json={"config": {"host": "*"}})

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "CONFIG_INVALID"
