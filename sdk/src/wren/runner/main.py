"""One process, one job: take it from the channel, load the script, describe it or run one of its functions."""

import io
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from wren.runner.channel import Channel, ChannelHost, ChannelObserver, FrameTooLarge
from wren.runner.failure import describe_failure
from wren.runner.invocation import call_function, to_json_value
from wren.runner.script import load_script
from wren.script import session
from wren.script.metadata import extract_metadata
from wren.script.session import ScriptSession
from wren_core.errors import AgentFixableError

# Threads reserve their stack as memory; 8 MiB each would let a pool of 64 exhaust a limit of 512 MiB.
_THREAD_STACK_BYTES = 2**20


def main() -> int:
    """Do the job; return the exit code, 0 only if the answer is a result."""
    channel = Channel.from_stdin()
    job = channel.receive()
    _prepare(channel, job)
    try:
        answer = _perform(job)
    except BaseException as exc:  # noqa: BLE001 - the script's boundary: SystemExit and KeyboardInterrupt end here too
        answer = _error_frame(exc, job)
    _flush()
    return _send(channel, answer, job)


def _prepare(channel: Channel, job: Mapping[str, Any]) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # By line, so that a log can be followed; with escapes, so that printing odd text is no failure.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    threading.stack_size(_THREAD_STACK_BYTES)
    os.environ.update(job.get("env") or {})
    if job.get("definitions"):
        from wren.script.catalogue import installed  # here: most scripts use what is installed, and many use nothing

        installed().declare(job["definitions"])
    session.enter(ScriptSession(host=ChannelHost(channel), on_call=ChannelObserver(channel)))


def _perform(job: Mapping[str, Any]) -> dict[str, Any]:
    module = load_script(job["script"], filename=job["filename"])
    if job["mode"] == "describe":
        return {"frame": "metadata", "metadata": extract_metadata(job["script"], vars(module))}
    value = call_function(vars(module), job["func"], job["event"])
    return {"frame": "result", "value": to_json_value(value, job["func"])}


def _error_frame(exc: BaseException, job: Mapping[str, Any]) -> dict[str, Any]:
    return {"frame": "error", "error": describe_failure(exc, filename=job["filename"])}


def _send(channel: Channel, answer: Mapping[str, Any], job: Mapping[str, Any]) -> int:
    try:
        channel.send(answer)
    except FrameTooLarge as exc:
        error = AgentFixableError(f"the result of {job.get('func')!r} is too large: {exc}", code="RESULT_TOO_LARGE")
        answer = _error_frame(error, job)
        channel.send(answer)
    return 0 if answer["frame"] != "error" else 1


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A script may have closed them; that is not worth failing for.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
