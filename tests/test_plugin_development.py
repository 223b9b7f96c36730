"""`wren plugin dev`: one plugin, its fake and a backend, restarted when files change."""

import json
import re
import signal
import subprocess
import sys
import threading
from queue import Empty, Queue
from urllib.parse import urljoin

import httpx2
import psutil
import pytest

from servers.backend import Backend, wait_for
from servers.process import clean_variables, free_port
from wren.authoring.scaffold import Plan, render_plugin
from wren_core.testing.orphans import dies_with_its_parent
from wren_core.testing.patience import patience

SCRIPT = """
import wren

acme = wren.integrations.acme.init()


@wren.on_schedule("0 9 * * *")
def shop() -> None:
    print([item.title for item in acme.{method}()])
"""


class Developing:
    """The command as a process, with its output."""

    def __init__(self, folder, home):
        self.home = home
        self.errors = home / "stderr"
        command = [sys.executable, "-m", "wren", "plugin", "dev", str(folder), "--port", str(free_port()), "--json"]
        variables = {**clean_variables(home), "TMPDIR": str(home), "WREN_PLUGINS_ALLOW": "acme"}
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*dies_with_its_parent(), *command], env=variables, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        self._events = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._events.put(json.loads(line))

    def event(self):
        """Return the next matching line of the output."""
        try:
            return self._events.get(timeout=patience(60))
        except Empty:
            pytest.fail(f"it said nothing more:\n{self.errors.read_text()}")

    def backend(self, started):
        return Backend(url=started["url"], key=started["api_key"], home=self.home, process=self.process, variables={})


@pytest.fixture
def plugin(tmp_path):
    return render_plugin(Plan(name="acme", auth="oauth2"), tmp_path)


@pytest.fixture
def developing(plugin, tmp_path):
    made = Developing(plugin, tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.wait()
    made.process.stdout.close()


def edit(plugin, **words):
    file = plugin / "src" / "wren_acme" / "__init__.py"
    text = file.read_text()
    for old, new in words.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def methods(server):
    return server.get("/v1/integrations/acme")["methods"]


def consent(server):
    """Connect as a person does: open the link, consent on the page of the fake, return."""
    made = server.request("POST", "/v1/connections", json={"integration": "acme"}).raise_for_status().json()
    with httpx2.Client(follow_redirects=True, timeout=patience(30)) as browser:
        page = browser.post(made["connect_url"])
        form = re.search(r"<form.*?</form>", page.text, re.DOTALL)[0]
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
        browser.post(urljoin(str(page.url), "/oauth/authorize"), data=fields).raise_for_status()


def shop(server, method):
    """Deploy a script that calls the method, run it, and return its output."""
    deployed = server.deploy(SCRIPT.format(method=method), name="shopping")
    run = server.start_run(deployed["deployment_id"])
    assert server.finished_run(run)["status"] == "success", server.log_text(run)
    return server.log_text(run)


def test_dev_follows_the_changes_of_a_plugin(plugin, developing, tmp_path):
    """One test, because starting takes long."""
    started = developing.event()
    server = developing.backend(started)

    # `dev` starts a backend with the plugin, and its fake.
    assert started["event"] == "started"
    assert (started["integrations"], started["failed"]) == ({"acme": ["items", "add"]}, {})
    assert started["next"] == ["wren connect acme", "wren deploy SCRIPT.py"]
    assert httpx2.get(started["fakes"]["acme"] + "/items").status_code == 401
    assert methods(server) == ["items", "add"]

    # An edited method is available, and the connection made on the fake's page still exists.
    consent(server)
    edit(plugin, **{"def items": "def goods", "acme.items": "acme.goods"})
    assert developing.event()["integrations"] == {"acme": ["goods", "add"]}
    assert methods(server) == ["goods", "add"]
    assert "['Milk']" in shop(server, "goods")

    # A plugin that does not load is reported with its file, and the running processes continue.
    edit(plugin, **{"def goods(": "def goods(("})
    broken = developing.event()["failed"]["acme"]
    assert "SyntaxError" in broken
    assert "__init__.py" in broken
    assert methods(server) == ["goods", "add"]

    # Metadata that cannot be read are reported too; both errors can be corrected.
    metadata = (plugin / "pyproject.toml").read_text()
    (plugin / "pyproject.toml").write_text("[project")
    assert developing.event()["error"]["code"] == "PLUGIN_PROJECT_INVALID"
    edit(plugin, **{"def goods((": "def goods("})
    (plugin / "pyproject.toml").write_text(metadata.replace('"0.1.0"', '"0.2.0"'))
    assert developing.event()["integrations"] == {"acme": ["goods", "add"]}
    assert server.get("/v1/integrations/acme")["version"] == "0.2.0"

    # Ctrl-C ends all processes.
    children = psutil.Process(developing.process.pid).children(recursive=True)
    developing.process.send_signal(signal.SIGINT)
    assert developing.process.wait(timeout=patience(30)) == 0
    assert len(children) >= 2
    assert wait_for(lambda: not any(map(is_alive, children)), seconds=10, what="the end of its children")
    assert list(tmp_path.glob("wren-dev-*")) == []


def is_alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_dev_reports_missing_requirements_before_it_starts(tmp_path):
    command = [sys.executable, "-m", "wren", "plugin", "dev", str(tmp_path), "--json"]

    done = subprocess.run(command, env=clean_variables(tmp_path), capture_output=True, text=True)

    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "PLUGIN_PROJECT_INVALID")
