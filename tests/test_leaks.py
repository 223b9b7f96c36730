"""A script leaks its own secret in many ways: the secret appears nowhere in stored or shown data."""

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import psutil
import pytest

from servers.backend import backend, wait_for
from servers.plugins import environment

# Every encoding differs from the plain secret: quotes, a backslash, characters that URLs and JSON escape.
SECRET = 'lk/"Zürich\\7+b=c?d&e~f-0123456789'
LOCKER = '''
from typing import Annotated
from wren_core import ApiKeyConfig, CredentialSpec, CredentialType, Integration, IntegrationSpec, Rejected, method

class Locker(Integration):
    """A service with a key and a careless author."""

    spec = IntegrationSpec(
        name="locker",
        display_name="Locker",
        auth=ApiKeyConfig(name="X-Locker-Key"),
        credentials=(CredentialSpec(key="key", type=CredentialType.API_KEY, env_var="LOCKER_KEY", description="Key"),),
        base_url="https://locker.example",
        hosts=("locker.example",),
    )

    @method
    def show(self) -> str:
        """Show the key."""
        return self.credentials["key"]

    @method
    def refuse(self) -> str:
        """Refuse, and quote the key."""
        raise Rejected(f"no entry with {self.credentials['key']}", details={"key": self.credentials["key"]})

    @method
    def tell(self, text: Annotated[str, "What to say"]) -> str:
        """Leave a message."""
        return str(self.host.request("messages.send", {"body": text, "subject": text, "to": text})["id"])
'''
SCRIPT = r"""
import base64, json, os, subprocess, sys, time, traceback
from urllib.parse import quote, quote_plus
import wren

locker = wren.integrations.locker.init()
SECRET = os.environ.get("LOCKER_KEY", "")
RAW = SECRET.encode()

def forms():
    for offset in range(3):
        padded = b"x" * offset + RAW + b"yz"
        yield from (base64.b64encode(padded).decode(), base64.urlsafe_b64encode(padded).decode())
    yield from (SECRET, quote(SECRET, safe=""), quote(SECRET), quote_plus(SECRET), repr(SECRET))
    yield from (RAW.hex(), RAW.hex().upper())
    yield from (json.dumps(SECRET), json.dumps(SECRET, ensure_ascii=False), json.dumps({SECRET: SECRET}))

@wren.on_schedule("0 9 * * *")
def printed():
    for form in forms():
        print("out", form)
        print("err", form, file=sys.stderr)
    for byte in RAW:
        os.write(1, bytes([byte]))
    os.write(1, b"\n")
    os.write(1, b"split " + RAW[:9])
    time.sleep(0.3)
    os.write(1, RAW[9:] + b"\n")
    subprocess.run([sys.executable, "-I", "-c", "import os; print('child', os.environ['LOCKER_KEY'])"], check=True)
    print("shown", locker.show())
    print("end of printed")

@wren.on_schedule("1 9 * * *")
def returned():
    return {"forms": list(forms()), SECRET: {"nested": [SECRET]}}

@wren.on_schedule("2 9 * * *")
def raised():
    try:
        raise KeyError(SECRET)
    except KeyError as exc:
        traceback.print_exc()
        raise ValueError("; ".join(forms())) from exc

@wren.on_schedule("10 9 * * *")
def shortened():
    # Longer than an error may be, so its middle is left out, and the cut goes through the secret.
    raise ValueError("x" * 1970 + SECRET + "y" * 3000)

@wren.on_schedule("3 9 * * *")
def exited():
    sys.exit(SECRET)

@wren.on_schedule("4 9 * * *")
def refused():
    locker.refuse()

@wren.on_schedule("5 9 * * *")
def unknown():
    locker.invoke(SECRET, {SECRET: SECRET})

@wren.on_schedule("6 9 * * *")
def told():
    for form in forms():
        locker.tell(form)

@wren.on_schedule("7 9 * * *")
def asked():
    locker.host.request(SECRET, {SECRET: SECRET})

@wren.on_schedule("8 9 * * *")
def broken():
    locker.host.request("messages.send", {"body": [SECRET], SECRET: SECRET})

@wren.on_schedule("9 9 * * *")
def held():
    print("begun")
    time.sleep(60)
"""
ENDED = {
    **dict.fromkeys(["printed", "returned", "told"], "success"),
    **dict.fromkeys(["raised", "shortened", "exited", "refused", "unknown", "asked", "broken"], "failed"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    installed = environment(tmp_path_factory.mktemp("locker"))
    installed.install("wren-locker", LOCKER, offers="locker = Locker")
    with backend(tmp_path_factory.mktemp("leaks"), {"WREN_LOG_LEVEL": "debug"}, python=installed.python) as running:
        made = running.request("POST", "/v1/connections", json={"integration": "locker", "values": {"key": SECRET}})
        assert made.json()["status"] == "active", made.text
        yield running


@pytest.fixture(scope="module")
def deployment_id(server):
    return server.deploy(SCRIPT, name="leaks")["deployment_id"]


@pytest.fixture(scope="module")
def runs(server, deployment_id):
    """Finished runs of all functions of the script."""
    started = {func: server.start_run(deployment_id, func=func) for func in ENDED}
    return {func: server.finished_run(run_id) for func, run_id in started.items()}


def test_every_function_that_leaks_the_secret_ran(server, runs):
    assert {func: run["status"] for func, run in runs.items()} == ENDED, runs
    said = server.log_text(runs["printed"]["run_id"]).splitlines()

    assert said[-1] == "end of printed"
    assert sum("[masked]" in line for line in said) >= 30
    assert {"split [masked]", "child [masked]", "shown [masked]", "out [masked]", "err [masked]"} <= set(said)
    assert runs["raised"]["error"]["message"].count("[masked]") >= 10
    assert "xxx[masked]\n...\nyyy" in runs["shortened"]["error"]["message"]


@pytest.mark.parametrize("func", ENDED)
def test_a_run_and_its_log_do_not_contain_the_secret_in_any_form(server, runs, func):
    run_id = runs[func]["run_id"]
    with server.events(run_id) as events:
        streamed = [event.data for event in events]

    assert streamed[-1] == "{}"
    assert_nowhere("the stream", "\n".join(streamed))
    for path in (f"/v1/runs/{run_id}", f"/v1/runs/{run_id}/logs"):
        assert_nowhere(path, server.request("GET", path).text)
    assert_nowhere("the text", server.log_text(run_id))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages",
        "/v1/connections",
        "/v1/deployments",
        "/v1/runs",
        "/v1/integrations/locker",
        "/metrics",
        "/readyz",
    ],
)
def test_no_response_of_the_server_contains_the_secret(server, runs, path):
    answer = server.request("GET", path)

    assert answer.status_code == 200
    assert_nowhere(path, answer.text)


def test_no_file_and_no_log_of_the_server_contains_the_secret(server, runs):
    files = {str(path): path.read_bytes() for path in server.home.rglob("*") if path.is_file()}

    names = {Path(name).name for name in files}
    assert {"wren.db", "wren.db-wal", "backend.log", "master.key"} <= names
    for name, content in files.items():
        assert_nowhere(name, content.decode("latin-1"), encoded="latin-1")


def test_no_argument_and_no_environment_of_a_process_contains_the_secret(server, deployment_id):
    run_id = server.start_run(deployment_id, func="held")
    wait_for(lambda: "begun" in server.log_text(run_id), seconds=20, what="the script")

    tree = psutil.Process(server.pid).children(recursive=True)
    seen = [f"{process.cmdline()} {process.environ()}" for process in tree]
    server.request("POST", f"/v1/runs/{run_id}/cancel")

    assert any("wren.runner" in text for text in seen), seen
    for text in seen:
        assert_nowhere("a process", text)


def test_api_keys_of_the_platform_are_neither_logged_nor_stored(server, runs):
    issued = server.operator("keys", "issue", "for the leak test")
    assert server.request("GET", "/v1/runs", headers={"Authorization": f"Bearer {issued}"}).status_code == 200
    assert server.request("GET", "/v1/runs", headers={"Authorization": f"Bearer {issued}x"}).status_code == 401
    assert server.request("GET", f"/v1/runs?api_key={issued}").status_code == 422
    log = (server.home / "backend.log").read_text()
    master = (server.data_dir / "master.key").read_text().split()[1]
    stored = b"".join(path.read_bytes() for path in server.data_dir.glob("wren.db*"))

    assert log.count(server.key) == 1, "shown once, when it was issued"
    assert issued not in log
    assert master not in log
    for secret in (server.key, issued, master):
        assert secret.encode() not in stored
    assert base64.urlsafe_b64decode(master) not in stored
    assert base64.urlsafe_b64decode(master).hex() not in log


def assert_nowhere(place, text, *, encoded="utf-8"):
    for name, form in forms_of(SECRET):
        assert form.encode().decode(encoded) not in text, f"{name} is in {place}"


def forms_of(secret):
    """Return every form of the secret that the platform promises to hide, computed independently."""
    raw = secret.encode()
    yield "the secret", secret
    yield from (("quoted", form) for form in {quote(secret, safe=""), quote(secret), quote_plus(secret)})
    yield from (("JSON", json.dumps(secret, ensure_ascii=plain)[1:-1]) for plain in (True, False))
    # JSON text inside a JSON response.
    yield "JSON in JSON", json.dumps(json.dumps(secret)[1:-1])[1:-1]
    yield from (("hex", form) for form in (raw.hex(), raw.hex().upper()))
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # Complete groups of three bytes that start in the secret, at any offset.
        yield from (
            (f"base64 at {skip}", encode(raw[skip : len(raw) - (len(raw) - skip) % 3]).decode()) for skip in range(3)
        )
