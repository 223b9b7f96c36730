"""A backend that must not start prints the reason in one line and changes nothing; one without a sandbox says so."""

import base64
import os
import secrets
import shutil
import socket
import subprocess
import sys

import pytest

from servers.backend import API_KEY, backend
from servers.plugins import environment
from servers.process import clean_variables, free_port
from wren_core.testing.patience import patience

# The exit code is 3 for errors in the settings, and 1 for errors of the database.
FAILED, CONFIGURATION = 1, 3
SCRIPT = 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily():\n    return 1\n'
# A kernel without Landlock: the system call that creates a rule set does not exist (444, ENOSYS).
NO_LANDLOCK = """
import ctypes, struct
code = b"".join(struct.pack("=HBBI", *each) for each in [
    (0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x00050000 | 38), (0x06, 0, 0, 0x7FFF0000),
])
buffer = ctypes.create_string_buffer(code, len(code))

class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

libc = ctypes.CDLL(None, use_errno=True)
program = Program(len(code) // 8, ctypes.addressof(buffer))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program), 0, 0):
    raise OSError(ctypes.get_errno(), "no filter")
"""


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """The data directory of a backend that ran before."""
    with backend(tmp_path_factory.mktemp("earlier")) as server:
        server.deploy(SCRIPT, name="daily")
        assert server.terminate() == 0
    return server


@pytest.fixture
def data(earlier, tmp_path):
    """A copy of the data directory, for the test to damage."""
    return shutil.copytree(earlier.data_dir, tmp_path / "data")


def test_a_missing_key_file_is_not_replaced_by_a_new_key(data):
    (data / "master.key").unlink()

    refused(data, "MASTER_KEY_MISSING", f"{data}/master.key is missing; restore it from its backup")

    assert not (data / "master.key").exists()


def test_a_wrong_key_with_the_right_name_is_detected(data):
    name, _ = (data / "master.key").read_text().split()
    (data / "master.key").write_text(f"{name} {base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}\n")

    refused(data, "MASTER_KEY_WRONG", f"{name} is not the one this database was sealed with")


def test_the_key_of_another_installation_is_refused(data, tmp_path):
    name = (data / "master.key").read_text().split()[0]
    (data / "master.key").write_text(f"mk_stranger {base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}\n")

    refused(data, "MASTER_KEY_MISSING", f"sealed with master key {name}", "mk_stranger")


def test_a_key_readable_by_the_group_is_refused_with_the_command_to_fix_it(data):
    (data / "master.key").chmod(0o640)

    refused(data, "MASTER_KEY_EXPOSED", f"chmod 600 {data}/master.key")


@pytest.mark.parametrize("key", [b"k" * 32, secrets.token_bytes(31)], ids=["a placeholder", "a byte too few"])
def test_an_invalid_key_is_refused_without_quoting_it(data, key):
    encoded = base64.b64encode(key).decode()
    (data / "master.key").write_text(f"mk_x {encoded}\n")

    said = refused(data, "MASTER_KEY_INVALID", "master key mk_x")

    assert encoded not in said


def test_a_file_that_is_not_a_database_is_refused_and_kept(data):
    (data / "wren.db").write_bytes(b"this is no database" * 1000)
    for beside in data.glob("wren.db-*"):
        beside.unlink()

    refused(data, "DATABASE_UNUSABLE", "database")

    assert (data / "wren.db").read_bytes().startswith(b"this is no database")


def test_a_data_directory_that_cannot_be_created_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")

    refused(tmp_path / "file" / "data", "DATA_DIR_UNUSABLE", f"{tmp_path}/file/data")


def test_a_data_directory_that_is_not_writable_is_named(tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o500)

    refused(data, "DATA_DIR_UNUSABLE", str(data), prefix=without_privileges())

    data.chmod(0o700)
    assert list(data.iterdir()) == []


def test_a_port_in_use_is_named_and_the_first_key_is_still_shown_later(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]

        said = refused(tmp_path / "data", "PORT_TAKEN", f"127.0.0.1:{port} is in use", port=port)

    assert not API_KEY.search(said)
    command = [sys.executable, "-m", "wren_backend", "keys", "list", "--json", "--data-dir", str(tmp_path / "data")]
    listed = subprocess.run(command, env=clean_variables(tmp_path), capture_output=True, text=True, check=True)
    assert listed.stdout == "[]\n"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            ["WREN_DATABSE_URL", "WREN_LIMITS_MEMORY", "WREN_PORTS"],
            ["did you mean WREN_DATABASE_URL?", "WREN_LIMITS_MEMORY is not a setting", "WREN_PORTS is not"],
        ),
        (
            ["WREN_LIMITS__MEMROY_BYTES", "WREN_MAX_DEPLOYMENTS", "WREN_SANDBOX", "WREN_INTEGRATIONS__GMAIL__BASE_URL"],
            [
                "WREN_LIMITS__MEMROY_BYTES is not a setting",
                "WREN_MAX_DEPLOYMENTS: ",
                "WREN_SANDBOX: ",
                "__GMAIL__BASE_URL: ",
            ],
        ),
        (["WREN_INTEGRATIONS__GMAIL__CONFIG"], ["WREN_INTEGRATIONS__GMAIL__CONFIG: must be a JSON object"]),
    ],
    ids=["unknown", "unfit", "no JSON"],
)
def test_all_invalid_settings_are_named_without_their_values(tmp_path, variables, expected):
    said = refused(tmp_path / "data", "SETTINGS_INVALID", *expected, variables=dict.fromkeys(variables, "hidden-value"))

    assert "hidden-value" not in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://wren:hidden-value@127.0.0.1:{port}/wren", "at 127.0.0.1:{port} does not answer"),
        ("mysql://wren:hidden-value@127.0.0.1/wren", "mysql:// is not a database"),
    ],
)
def test_an_unreachable_database_is_reported_without_its_password(tmp_path, url, words):
    port = free_port()
    variables = {"WREN_DATABASE_URL": url.format(port=port)}

    said = refused(tmp_path / "data", "DATABASE_UNUSABLE", words.format(port=port), variables=variables)

    assert "hidden-value" not in said


def test_without_landlock_no_script_runs_and_every_response_says_why(earlier, data, tmp_path):
    old = environment(tmp_path / "environment")
    old.run_at_start("no_landlock", NO_LANDLOCK)

    with backend(tmp_path, restarted=earlier.key, python=old.python) as server:
        ready = server.request("GET", "/readyz")
        refused = server.request("POST", "/v1/scripts/deploy", json={"script": SCRIPT})
        [deployed] = server.get("/v1/deployments")["deployments"]
        run = server.finished_run(server.start_run(deployed["id"]))

    check = ready.json()["checks"]["sandbox"]
    assert (ready.status_code, check["ok"], check["isolation"]) == (503, False, "refused")
    assert "sandlock needs Landlock ABI" in check["reason"]
    assert "this kernel has 0" in check["reason"]
    error = refused.json()["error"]
    assert (refused.status_code, error["type"], error["code"]) == (503, "InternalError", "SANDBOX_UNAVAILABLE")
    assert "WREN_SANDBOX=none" in error["message"]
    assert (run["status"], run["isolation"], run["error"]["code"]) == ("failed", "refused", "SANDBOX_UNAVAILABLE")
    assert '"event": "sandbox.unavailable"' in server.log


def test_no_script_runs_if_scripts_could_read_the_data_directory(tmp_path):
    installed = environment(tmp_path / "environment")

    with backend(installed.site_packages / "home", python=installed.python) as server:
        ready = server.request("GET", "/readyz")

    assert ready.status_code == 503
    assert f"scripts could read {server.data_dir}" in ready.json()["checks"]["sandbox"]["reason"]


def test_running_without_sandbox_is_shown_everywhere(tmp_path):
    with backend(tmp_path / "home", {"WREN_SANDBOX": "none"}) as server:
        ready = server.get("/readyz")
        deployment_id = server.deploy(SCRIPT, name="daily")["deployment_id"]
        run = server.finished_run(server.start_run(deployment_id))
        listed = server.get("/v1/runs")["runs"]
        shown = server.wren("status", run["run_id"]).stdout

    assert ready["checks"]["sandbox"]["isolation"] == "none"
    assert ready["checks"]["sandbox"]["reason"] == "scripts run without isolation"
    assert (run["status"], run["isolation"]) == ("success", "none")
    assert [item["isolation"] for item in listed] == ["none"]
    assert "none" in shown
    assert '"event": "sandbox.none"' in server.log
    assert "sandbox    none: scripts run without isolation" in server.log


def refused(data, code, *words, port=None, variables=None, prefix=()):
    """Start a backend that must not start, and return its output."""
    home = data.parent if data.parent.is_dir() else data.parent.parent
    command = [sys.executable, "-m", "wren_backend", "up", "--data-dir", str(data), "--port", str(port or free_port())]
    own = {**clean_variables(home), **(variables or {})}
    done = subprocess.run([*prefix, *command], env=own, capture_output=True, text=True, timeout=patience(30))
    said = done.stdout + done.stderr
    assert done.returncode == (FAILED if code.startswith("DATABASE") else CONFIGURATION), said
    assert "Traceback" not in said
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert line.startswith(f"{code}: "), said
    assert [word for word in words if word not in line] == []
    return said


def without_privileges():
    """Return a command prefix under which file permissions apply, as they do for all users except root."""
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
