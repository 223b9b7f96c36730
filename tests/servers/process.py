"""Run a server program for a test, and make sure that this program, and no other, answers."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from wren_core.testing.orphans import dies_with_its_parent
from wren_core.testing.patience import patience

# Seconds that a program has to end after a signal.
STOP_SECONDS = 10.0


class ServerFailed(Exception):
    """The program ended, or did not answer in time; the message has the end of its log."""


@contextmanager
def serve(
    program: Sequence[str | Path],
    *,
    ports: Sequence[int],
    log: Path,
    is_ready: Callable[[], bool] = lambda: True,
    variables: Mapping[str, str] | None = None,
    owner: Mapping[str, Any] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    time_limit: float = 30.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, wait until it listens on its ports and is ready, and end it after the block.

    `time_limit` is for the start, in seconds on an idle machine; on a busy one it grows, as `patience` says.
    """
    with log.open("wb") as output:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [*dies_with_its_parent(), *map(str, program)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(variables or clean_variables(log.parent)),
            cwd=log.parent,
            **(owner or {}),
        )
    try:
        started = time.monotonic()
        while not (all(is_listening(process.pid, port) for port in ports) and is_ready()):
            if process.poll() is not None or time.monotonic() - started > patience(time_limit):
                ending = log.read_text(errors="replace")[-2000:]
                raise ServerFailed(f"{Path(program[0]).name} did not start (status {process.poll()}):\n{ending}")
            time.sleep(0.02)
        yield process
    finally:
        stop(process, stop_signal)


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals = signal.SIGTERM) -> None:
    """End a process with SIGTERM, then with SIGKILL; do nothing if it has already ended."""
    if process.poll() is None:
        process.send_signal(stop_signal)
    try:
        process.wait(timeout=patience(STOP_SECONDS))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def is_listening(pid: int, port: int) -> bool:
    """Return whether this process, and no other, listens on the port."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)


def free_port(*, following: int = 0) -> int:
    """Return a free loopback port with `following` free ports after it."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if all(_is_free(port + offset) for offset in range(following + 1)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def clean_variables(home: Path) -> dict[str, str]:
    """Return the few variables that a server needs, without the developer's environment."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
