"""Child processes that end with this one, even when it is killed."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

# A server gets this long to shut down; then it is killed.
_STOP_SECONDS = 10.0


class ChildProcess:
    """A module that runs as a program and ends with its parent: see `wren.authoring.parent_watch`.

    It has its own session, so that Ctrl-C reaches only its parent, which stops it in order.

    Args:
        python: the interpreter.
        arguments: the module and its arguments.
        variables: its environment.
        log: the file for its standard error, and for its standard output unless `is_read`.
        is_read: keep its standard input and output for `ask`.
    """

    def __init__(
        self, python: Path, arguments: Sequence[str], *, variables: Mapping[str, str], log: Path, is_read: bool = False
    ) -> None:
        theirs, self._leash = os.pipe()
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                [str(python), "-m", "wren.authoring.parent_watch", str(theirs), *arguments],
                stdin=subprocess.PIPE if is_read else subprocess.DEVNULL,
                stdout=subprocess.PIPE if is_read else output,
                stderr=output,
                env=dict(variables),
                text=True,
                start_new_session=True,
                pass_fds=(theirs,),
            )
        os.close(theirs)

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def ask(self, line: str, *, seconds: float) -> str:
        """Send a line and return the answer line; empty when it ends or does not answer in time."""
        limit = threading.Timer(seconds, self._process.kill)
        limit.daemon = True
        limit.start()
        try:
            with suppress(BrokenPipeError):
                _require_pipe(self._process.stdin).write(line + "\n")
                _require_pipe(self._process.stdin).flush()
            return _require_pipe(self._process.stdout).readline()
        finally:
            limit.cancel()

    def stop(self) -> None:
        """Stop it and wait for its end."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._leash)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # the child is gone; unsent input is lost with it
                    pipe.close()


def _require_pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise ValueError("the child was started without this pipe")
    return pipe
