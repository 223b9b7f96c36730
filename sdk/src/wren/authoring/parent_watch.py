"""Runs a module as a program that ends with its parent: `python -m wren.authoring.parent_watch PIPE MODULE ARGS...`.

The parent holds the other end of the pipe. When that closes, because the parent stopped or was killed, the program
gets SIGTERM, and is killed if it does not end.
"""

import os
import runpy
import signal
import sys
import threading
import time

_GRACE_SECONDS = 8.0


def main() -> None:
    """Run the module named on the command line."""
    pipe, module = int(sys.argv[1]), sys.argv[2]
    sys.argv[:] = sys.argv[2:]
    os.set_inheritable(pipe, False)
    threading.Thread(target=_wait_for_parent, args=(pipe,), name="wren-parent-watch", daemon=True).start()
    sys.path.pop(0)  # the current folder, which is on no installed program's path
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _wait_for_parent(descriptor: int) -> None:
    while os.read(descriptor, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
