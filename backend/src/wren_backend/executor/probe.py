"""Checks at start that the sandbox works here: a script in the real profile tries what no script may do."""

import json
import os
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from wren_backend.executor.executor import Executor
from wren_backend.executor.folders import remove_tree
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.port import Confinement, Sandbox, SandboxStatus
from wren_backend.executor.request_server import Served
from wren_core.protocol.jobs import RunJob

_LIMITS = Limits(wall=timedelta(seconds=20))
# The supervisor performs many calls in the script's place: each kind of them is tried (ADR 36).
_CANARY = """
import ctypes, json, os, socket

def main(event):
    given = event.payload
    worker, outside = f"/proc/{given['worker']}", given["outside"]
    attempts = {f"read {path}": lambda path=path: open(path, "rb").read(1) for path in given["unreadable"]}
    attempts |= {
        "write outside its folder": lambda: open(f"{outside}/file", "w"),
        "make a folder outside its folder": lambda: os.mkdir(f"{outside}/folder"),
        "make a socket outside its folder": lambda: unix().bind(f"{outside}/made"),
        "make a socket in its folder": lambda: unix().bind("made"),
        "take the name of a socket": lambda: unix().bind(chr(0) + f"wren-canary-{given['worker']}"),
        "connect to a socket outside its folder": lambda: unix().connect(f"{outside}/stream"),
        "send to a socket outside its folder": lambda: datagram().sendto(b"x", f"{outside}/datagram"),
        "send a message to a socket outside its folder":
            lambda: datagram().sendmsg([b"x"], [], 0, f"{outside}/datagram"),
        "read the links of the worker": lambda: os.readlink(f"{worker}/cwd"),
        "read the links of the worker's files": lambda: os.readlink(f"{worker}/fd/0"),
        "look through the worker's links": lambda: os.stat(os.path.join(worker, "root", "etc")),
        "list the worker's files": lambda: os.listdir(f"{worker}/fd"),
        "make a message queue": make_queue,
        "signal the worker": lambda: os.kill(given["worker"], 0),
        "move the worker to another group": lambda: os.setpgid(given["worker"], 0),
        "connect to an undeclared host": lambda: socket.create_connection(("127.0.0.1", given["port"]), 2),
        "send to an undeclared host":
            lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", given["port"])),
        "listen": lambda: socket.socket().listen(),
    }
    return {"done": [name for name, action in attempts.items() if works(action)], "control": works(use_own_folder)}

def works(action):
    try:
        action()
    except OSError:
        return False
    return True

def unix():
    return socket.socket(socket.AF_UNIX)

def datagram():
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

def make_queue():
    libc, name = ctypes.CDLL(None), f"/wren-canary-{os.getpid()}".encode()
    queue = libc.mq_open(name, os.O_CREAT, 0o600, None)
    removed = libc.mq_unlink(name)
    if queue < 0 and removed < 0:
        raise OSError("refused")

def use_own_folder():
    with open("own", "w") as file:
        file.write("x")
"""


def probe(sandbox: Sandbox, *, runs_root: Path, protected: Iterable[Path] = ()) -> SandboxStatus:
    """Check the requirements, then let a canary script try to escape; this takes about half a second.

    Args:
        sandbox: what is checked; one that isolates nothing is only asked for its status.
        runs_root: where the canary gets its folder.
        protected: files of the platform that the canary must fail to read.
    """
    status = sandbox.status()
    if not status.available or sandbox.isolation == "none":
        return status
    reason = _release_canary(Executor(sandbox, runs_root=runs_root), protected)
    return replace(status, available=not reason, reason=reason)


def _release_canary(executor: Executor, protected: Iterable[Path]) -> str:
    """Return what is wrong, or nothing."""
    with _bait() as outside, socket.create_server(("127.0.0.1", 0)) as listener:
        payload = {
            "unreadable": [*map(str, protected), "/etc/shadow", "/proc/1/environ", f"/proc/{os.getpid()}/environ"],
            "outside": str(outside),
            "worker": os.getpid(),
            "port": listener.getsockname()[1],
        }
        outcome = executor.run(
            _job({"trigger": "manual", "payload": payload}),
            Confinement(limits=_LIMITS),
            on_output=lambda _stream, _text: None,
            on_call=lambda _call: None,
            serve_request=lambda _operation, _payload: Served(),
        )
    if outcome.error is not None:
        return f"the test script did not run: {outcome.error['message']}"
    return _judge(outcome.result)


@contextmanager
def _bait() -> Iterator[Path]:
    """Yield a folder of the worker with two sockets that take what comes; it is gone afterwards."""
    # A short path: the address of a socket has room for 107 bytes.
    outside = Path(tempfile.mkdtemp(prefix="wren-canary-"))
    try:
        with socket.socket(socket.AF_UNIX) as stream, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
            stream.bind(str(outside / "stream"))
            stream.listen()
            datagram.bind(str(outside / "datagram"))
            yield outside
    finally:
        remove_tree(outside)


def _job(event: Mapping[str, Any]) -> RunJob:
    return RunJob(run_id="canary", script=_CANARY, filename="canary.py", func="main", event=event)


def _judge(result: Any) -> str:
    if not isinstance(result, dict) or result.get("control") is not True:
        return f"the test script could not write to its own folder: {json.dumps(result)}"
    return f"a script can {', '.join(result['done'])}" if result["done"] else ""
