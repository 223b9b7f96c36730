"""Checks at start that the sandbox works here: a script in the real profile tries what no script may do."""

import json
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from wren_backend.executor.executor import Executor
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.port import Confinement, Sandbox, SandboxStatus
from wren_backend.executor.request_server import Served
from wren_core.protocol.jobs import RunJob

_LIMITS = Limits(wall=timedelta(seconds=20))
_CANARY = """
import json, os, socket

def main(event):
    given = event.payload
    attempts = {f"read {path}": lambda path=path: open(path, "rb").read(1) for path in given["unreadable"]}
    attempts["write outside its folder"] = lambda: open(given["unwritable"], "w")
    attempts["signal the worker"] = lambda: os.kill(given["worker"], 0)
    attempts["connect to an undeclared host"] = lambda: socket.create_connection(("127.0.0.1", given["port"]), 2)
    attempts["listen"] = lambda: socket.socket().listen()
    return {"done": [name for name, action in attempts.items() if works(action)], "control": works(use_own_folder)}

def works(action):
    try:
        action()
    except OSError:
        return False
    return True

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
    reason = _release_canary(Executor(sandbox, runs_root=runs_root), runs_root, protected)
    return replace(status, available=not reason, reason=reason)


def _release_canary(executor: Executor, runs_root: Path, protected: Iterable[Path]) -> str:
    """Return what is wrong, or nothing."""
    outside = runs_root / f"canary-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        payload = {
            "unreadable": [*map(str, protected), "/etc/shadow", "/proc/1/environ", f"/proc/{os.getpid()}/environ"],
            "unwritable": str(outside),
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
    outside.unlink(missing_ok=True)
    if outcome.error is not None:
        return f"the test script did not run: {outcome.error['message']}"
    return _judge(outcome.result)


def _job(event: Mapping[str, Any]) -> RunJob:
    return RunJob(run_id="canary", script=_CANARY, filename="canary.py", func="main", event=event)


def _judge(result: Any) -> str:
    if not isinstance(result, dict) or result.get("control") is not True:
        return f"the test script could not write to its own folder: {json.dumps(result)}"
    return f"a script can {', '.join(result['done'])}" if result["done"] else ""
