"""Server programs of tests that end with the test process, even when that is killed."""

import functools
import shutil
import subprocess


@functools.cache
def dies_with_its_parent() -> tuple[str, ...]:
    """Return a command prefix that kills a program when the process that starts it ends, or () where none exists."""
    prefix = ("setpriv", "--pdeathsig", "KILL")
    if shutil.which("setpriv") is None:
        return ()
    done = subprocess.run([*prefix, "true"], check=False, capture_output=True)  # noqa: S603 - constants
    return () if done.returncode else prefix
