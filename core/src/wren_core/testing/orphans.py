"""Server programs of tests that end with the test process, even when that is killed."""

import functools
import shutil
import subprocess


@functools.cache
def dies_with_its_parent() -> tuple[str, ...]:
    """Return a command prefix that kills a program when the process that starts it ends, or () where none exists."""
    prefix = ("setpriv", "--pdeathsig", "KILL")
    works = (
        shutil.which("setpriv") and not subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode
    )  # noqa: S603 - constants
    return prefix if works else ()
