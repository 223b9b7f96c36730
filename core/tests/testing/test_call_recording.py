import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import pytest

from wren_core import Integration, IntegrationConfig, IntegrationSpec, Unavailable, method
from wren_core.testing import FakeProvider, FakeTcpProvider, route
from wren_core.testing.call_recording import record_calls
from wren_core.testing.calls import Call, MethodCalls, RecordedCalls
from wren_core.testing.rules import timeouts
from wren_core.testing.target import CheckTarget


class Files(Integration):
    """Keep files."""

    spec = IntegrationSpec(
        name="files", display_name="Files", base_url="https://files.example/v1", hosts=("files.example",)
    )

    class Config(IntegrationConfig):
        """Settings."""

        folder: Annotated[str, "Where"]

    def connect(self):
        return self

    def fetch(self, path: str) -> bytes:
        place = urlsplit(self.base_url)
        with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
            connection.sendall(f"GET {place.path}{path} HTTP/1.0\r\n\r\n".encode())
            head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise Unavailable("refused")
        return body

    @method(effect="write", example='files.put("report.txt")')
    def put(self, path: Annotated[Path, "File to read"]) -> int:
        """Put a file."""
        size = len(path.read_bytes())
        for part in ("/start", "/middle", "/more", "/end"):
            self.fetch(part)
        return size


class FakeFiles(FakeProvider):
    name = "files"

    def configuration(self, url):
        return {"folder": url}

    @route("GET", "/v1/{part}")
    def part(self, request):
        return {}


def test_every_fault_is_injected_into_the_first_requests_of_a_method_and_the_last():
    put = record_calls(Files, make_fake=FakeFiles).methods["put"]

    tried = {call.fault: [] for call in put.faulted}
    for call in put.faulted:
        tried[call.fault].append(call.path)

    parts = ["/v1/start", "/v1/middle", "/v1/end"]
    assert tried == {**dict.fromkeys(("401", "403", "429", "500", "503"), parts), "hang-up": [""], "stall": [""]}
    assert [request.path for request in put.plain.requests] == ["/v1/start", "/v1/middle", "/v1/more", "/v1/end"]
    assert all(call.reached_fake for call in put.faulted)


def test_each_fault_reaches_an_integration_that_caches_its_reads():
    class Remembering(Files):
        """Keep files."""

        known: frozenset[str] = frozenset()

        def fetch(self, path):
            if path not in self.known:
                super().fetch(path)
                self.known |= {path}
            return b""

    put = record_calls(Remembering, make_fake=FakeFiles).methods["put"]

    assert all(call.reached_fake and isinstance(call.error, Unavailable) for call in put.faulted)


def test_files_of_examples_are_created_in_a_temporary_folder():
    before = Path.cwd(), set(Path.cwd().iterdir())

    put = record_calls(Files, make_fake=FakeFiles).methods["put"]

    assert put.plain.result == len("An example.\n")
    assert (Path.cwd(), set(Path.cwd().iterdir())) == before


def test_required_configuration_comes_from_the_fake_the_caller_or_the_schema():
    class Silent(FakeFiles):
        configuration = FakeProvider.configuration

    assert record_calls(Files, make_fake=Silent).problem == ""
    assert record_calls(Files, make_fake=Silent, config={"folder": "x"}).methods["put"].works
    assert "ConfigInvalid" in record_calls(Files, make_fake=Silent, config={"nowhere": "x"}).problem


def test_progress_is_reported_before_each_call():
    told = []

    record_calls(Files, make_fake=FakeFiles, progress=told.append)

    assert told[:2] == ["files.put", "files.put after 401"]
    assert told[-1] == "files.put after stall"


class Echo(Integration):
    """Say it again."""

    spec = IntegrationSpec(name="echo", display_name="Echo", config_hosts=("{host}:{port}",))

    class Config(IntegrationConfig):
        """Settings."""

        host: Annotated[str, "Host"]
        port: Annotated[int, "Port"]

    @method(example='echo.say("Hi")')
    def say(self, text: Annotated[str, "What"]) -> str:
        """Say it."""
        with socket.create_connection((self.config.host, self.config.port), timeout=30) as connection:
            connection.sendall(f"{text}\n".encode())
            answer = connection.recv(100).decode()
        if not answer:
            raise Unavailable("it hung up")
        return answer


class FakeEcho(FakeTcpProvider):
    name, scheme = "echo", "echo"

    def configuration(self, url):
        return {"host": urlsplit(url).hostname, "port": urlsplit(url).port}

    def handle_client(self, stream):
        for line in stream:
            stream.write(line)
            stream.flush()


def test_a_fake_without_http_is_tested_with_dropped_and_delayed_connections():
    seen = record_calls(Echo, make_fake=FakeEcho)

    assert seen.speaks_http is False
    assert seen.methods["say"].plain.result == "Hi\n"
    assert [(call.fault, type(call.error)) for call in seen.methods["say"].faulted] == [
        ("hang-up", Unavailable),
        ("stall", Unavailable),
    ]


CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
    connection.sendall(b"Hi\\n")
    print(connection.recv(100).decode(), end="")
"""


def test_a_client_whose_time_limits_cannot_be_shortened_waits_only_once():
    def ask(self):
        command = [sys.executable, "-S", "-c", CLIENT, self.config.host, str(self.config.port)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if not answer:
            raise Unavailable("it hung up")
        return answer

    class Outside(Echo):
        """Say it again, by sockets of another process, as a driver in C has its own."""

        @method(example="echo.say()")
        def say(self) -> str:
            """Say it."""
            return ask(self)

        @method(example="echo.repeat()")
        def repeat(self) -> str:
            """Say it again."""
            return ask(self)

    methods = record_calls(Outside, make_fake=FakeEcho).methods.values()

    faulted = [
        (call.method, call.fault, call.reached_fake, call.uses_python_sockets)
        for item in methods
        for call in item.faulted
    ]
    assert faulted == [
        ("say", "hang-up", True, False),
        ("say", "stall", True, False),
        ("repeat", "hang-up", True, False),
    ]


@pytest.mark.parametrize("uses_python_sockets", [True, False])
def test_a_missing_time_limit_of_sockets_outside_python_is_unproved(uses_python_sockets):
    stalled = Call(method="say", fault="stall", reached_fake=True, uses_python_sockets=uses_python_sockets)
    target = CheckTarget(integration=Echo)
    vars(target)["calls"] = RecordedCalls(methods={"say": MethodCalls(method="say", faulted=(stalled,))})

    weights = [finding.weight for finding in timeouts.RULE.check(target)]

    assert weights == (["fault"] if uses_python_sockets else ["unproved"])
