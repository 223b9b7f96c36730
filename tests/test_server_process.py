"""Starting and ending server programs: the right program answers, and it never outlives its test."""

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import servers
from servers.availability import unavailable
from servers.process import ServerFailed, dies_with_its_parent, free_port, is_listening, serve
from wren_core.testing.patience import patience

LISTEN = (
    "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print('up', flush=True); s.accept()"
)


def test_a_served_program_listens_and_ends_afterwards(tmp_path):
    port = free_port()

    with serve([sys.executable, "-c", LISTEN, str(port)], ports=[port], log=tmp_path / "log") as process:
        listening = is_listening(process.pid, port)

    assert listening
    assert process.returncode is not None
    assert not psutil.pid_exists(process.pid)


def test_another_program_on_the_port_is_detected(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]

        with (
            pytest.raises(ServerFailed, match="Address already in use"),
            serve([sys.executable, "-c", LISTEN, str(port)], ports=[port], log=tmp_path / "log"),
        ):
            pytest.fail("a server that could not bind was taken for a running one")


def test_a_program_that_never_listens_is_ended_and_its_log_is_shown(tmp_path):
    program = [sys.executable, "-c", "import time; print('waiting for a disk', flush=True); time.sleep(60)"]

    with (
        pytest.raises(ServerFailed, match="waiting for a disk"),
        serve(program, ports=[free_port()], log=tmp_path / "log", time_limit=1),
    ):
        pytest.fail("a server that does not listen was taken for a running one")

    assert [child for child in psutil.Process().children() if "waiting" in " ".join(child.cmdline())] == []


def test_a_program_that_ignores_sigterm_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("servers.process.STOP_SECONDS", 0.2)
    port = free_port()
    stubborn = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {LISTEN}"

    with serve([sys.executable, "-c", stubborn, str(port)], ports=[port], log=tmp_path / "log") as process:
        pass

    assert process.returncode == -9


def test_a_served_program_dies_with_a_killed_test_process(tmp_path):
    if not dies_with_its_parent():
        unavailable("this machine has no setpriv to end a program with its parent")
    port = free_port()
    serving = f"serve([sys.executable, '-c', {LISTEN!r}, '{port}'], ports=[{port}], log=Path('log').absolute())"
    script = f"""if True:
        import sys
        from pathlib import Path
        from servers.process import serve
        with {serving} as process:
            print(process.pid, flush=True)
            sys.stdin.read()
    """
    variables = {"PYTHONPATH": str(Path(servers.__file__).parents[1])}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=variables, **pipes)
    child = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.communicate()

    child.wait(timeout=patience(10))
    assert not child.is_running()


def test_free_ports_are_consecutive():
    port = free_port(following=2)

    sockets = [socket.create_server(("127.0.0.1", port + offset)) for offset in range(3)]

    assert [each.getsockname()[1] - port for each in sockets] == [0, 1, 2]
    for each in sockets:
        each.close()
