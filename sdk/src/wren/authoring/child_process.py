"""Child processes that never outlive this one, whatever ends it."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

# A server gets this long to finish what it does; then it is ended by force.
_STOP_SECONDS = 10.0


class Child:
    """A module that runs as a program, on a leash: see `wren.authoring.parent_watch`.

    It stands in a session of its own, so that Ctrl-C reaches its parent alone, which ends it in order.

    Args:
        python: the interpreter.
        arguments: the module and its arguments.
        variables: its environment.
        log: gets what it writes to standard error, and to standard output unless that is read.
        is_read: leave its standard input and output to `ask`.
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
        """Whether it is gone."""
        return self._process.poll() is not None

    def ask(self, line: str, *, seconds: float) -> str:
        """Send a line and return the one it answers with; nothing, where it ends instead or lets the time pass."""
        limit = threading.Timer(seconds, self._process.kill)
        limit.daemon = True
        limit.start()
        try:
            with suppress(BrokenPipeError):
                _pipe(self._process.stdin).write(line + "\n")
                _pipe(self._process.stdin).flush()
            return _pipe(self._process.stdout).readline()
        finally:
            limit.cancel()

    def stop(self) -> None:
        """End it and wait until it is gone."""
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
                with suppress(BrokenPipeError):  # what was not sent is for nobody any more
                    pipe.close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise ValueError("the child was started without this pipe")
    return pipe
