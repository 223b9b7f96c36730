"""Entry of the launcher process: `python -I -S -c <start> CONTROL_FD IMPORT_PATH ...`.

A separate process, started with an empty environment: the sandbox's supervisor, which works for the script, never
shares memory, descriptors or environment with the database, the vault's key or another run.
"""

import os
import socket
import sys
from pathlib import Path

from wren_backend.executor.launcher.guard import Guard
from wren_backend.executor.launcher.policy import LaunchPolicy

START = (
    "import sys; sys.path[:0] = sys.argv[2:]; from wren_backend.executor.launcher.main import main; main(sys.argv[1])"
)
"""The program text given to `python -c`. Without site-packages (-S) the launcher is up in 20 ms."""


def main(control_descriptor: str) -> None:
    """Read the policy from the control socket and guard its run."""
    control = socket.socket(fileno=int(control_descriptor))
    line = _read_line(control)
    if line:
        Guard(LaunchPolicy.from_line(line), control).run()
    # Everything is reported and nothing is left to clean up; an orderly shutdown would cost 10 ms.
    os._exit(0)


def _read_line(control: socket.socket) -> bytes:
    """Return the policy's line, or nothing when the worker went away before it sent one."""
    line = b""
    while not line.endswith(b"\n"):
        data = control.recv(65536)
        if not data:
            return b""
        line += data
    return line


def import_paths() -> list[str]:
    """Return what the launcher must be able to import from: this package and sandlock."""
    own_root = Path(__file__).parents[3]
    third_party = [path for path in map(Path, sys.path) if (path / "sandlock").is_dir()]
    return [str(path) for path in dict.fromkeys([own_root, *third_party[:1]])]
