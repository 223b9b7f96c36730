import sys
import time

import pytest

from wren_core.testing.import_probe import probe_import


def probed(install, source: str, name: str):
    install(f"wren-{name.replace('_', '-')}", {name: source, f"{name}_client": "import json, colorsys\n"})
    return probe_import(name)


def test_a_module_that_only_defines_things_has_no_side_effects(install):
    facts = probed(install, "import re\nfrom dataclasses import dataclass\nX = re.compile('a')\n", "probe_quiet")

    assert (facts.module, facts.effects) == ("probe_quiet", ())
    assert facts.modules == ("probe_quiet",)
    assert facts.cpu_seconds < 5


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("probe_open", "open(__file__).close()", "opens "),
        ("probe_environ", "import os\nX = os.environ.get('HOME')", "reads the environment variable HOME"),
        ("probe_getenv", "import os\nX = os.getenv('WREN_NOTHING')", "reads the environment variable WREN_NOTHING"),
        ("probe_whole", "import os\nX = dict(os.environ)", "reads "),
        ("probe_list", "import os\nX = os.listdir('.')", "lists ."),
        ("probe_run", "import subprocess\nsubprocess.run(['true'])", "starts true"),
        ("probe_socket", "import socket\nsocket.socket().close()", "makes a socket"),
        ("probe_resolve", "import socket\nsocket.getaddrinfo('127.0.0.1', 80)", "looks up 127.0.0.1"),
        ("probe_database", "import sqlite3\nsqlite3.connect(':memory:').close()", "opens the database :memory:"),
    ],
)
def test_side_effects_of_an_import_are_reported_with_file_and_line(install, name, source, message):
    facts = probed(install, f"import sys\n\n{source}\n", name)

    places = {effect.place.partition(":")[0] for effect in facts.effects}
    assert [effect for effect in facts.effects if effect.message.startswith(message)]
    assert places == {f"{name}.py"}


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("probe_sleep", "import time\ntime.sleep(3600)", "sleeps 3600 s"),
        ("probe_from_sleep", "from time import sleep\n\ndef f():\n    sleep(0.5)\n\nf()", "sleeps 0.5 s"),
        ("probe_event", "import threading\nthreading.Event().wait(3600)", "waits 3600 s"),
        (
            "probe_future",
            "from queue import Empty, Queue\ntry:\n    Queue().get(timeout=5)\nexcept Empty: pass",
            "waits",
        ),
    ],
)
def test_pauses_of_an_import_are_reported_on_every_python_and_not_waited_for(install, name, source, message):
    facts = probed(install, source, name)

    assert [effect for effect in facts.effects if effect.message.startswith(message)]
    assert {effect.place.partition(":")[0] for effect in facts.effects} == {f"{name}.py"}


def test_a_name_that_an_import_took_still_pauses_after_it(install):
    probed(install, "from time import sleep\n", "probe_taken")
    before = time.monotonic()

    sys.modules["probe_taken"].sleep(0.02)

    assert time.monotonic() - before >= 0.02


def test_a_thread_that_an_import_starts_is_reported(install):
    source = "import threading\nSTOP = threading.Event()\nthreading.Thread(target=STOP.wait, name='busy').start()\n"
    facts = probed(install, source, "probe_thread")

    sys.modules["probe_thread"].STOP.set()
    assert [effect.message for effect in facts.effects] == ["leaves the thread busy running"]


def test_side_effects_of_another_library_are_not_reported(install):
    install("wren-reader", {"probe_reader": "import os\nX = os.environ.get('HOME')\nopen(__file__).close()\n"})

    facts = probed(install, "import probe_reader\n", "probe_importer")

    assert facts.effects == ()
    assert facts.modules == ("probe_importer", "probe_reader")


def test_effects_are_not_recorded_after_the_import(install, monkeypatch):
    facts = probed(install, "X = 1\n", "probe_after")
    monkeypatch.setenv("WREN_PROBED", "1")

    open(__file__).close()
    assert __import__("os").environ["WREN_PROBED"] == "1"
    assert facts.effects == ()
