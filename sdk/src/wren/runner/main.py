"""Does one job per process: reads it from the channel, loads the script, describes it or runs a function."""

import io
import os
import sys
import threading
from contextlib import suppress
from dataclasses import replace

from wren.runner.channel import Channel, ChannelHost, ChannelObserver
from wren.runner.failure import describe_failure
from wren.runner.invocation import call_function, to_json_value
from wren.runner.leftovers import describe_leftovers, list_folder
from wren.runner.network import describe_allowed, explain_refusals, is_unreachable
from wren.runner.script import load_script
from wren.script import session
from wren.script.session import ScriptSession
from wren_core.errors import AgentFixableError
from wren_core.protocol.frames import (
    Answer,
    ErrorFrame,
    FindingFrame,
    LineTooLarge,
    MetadataFrame,
    ResultFrame,
    ScriptFailure,
)
from wren_core.protocol.jobs import DescribeJob, Job, ProtocolMismatch, RunJob, read_job

# Threads reserve their stack as memory; 8 MiB each would let a pool of 64 exhaust a limit of 512 MiB.
_THREAD_STACK_BYTES = 2**20


def main() -> int:
    """Do the job; return the exit code, 0 only if the answer is a result."""
    channel = Channel.from_stdin()
    try:
        job = read_job(channel.receive_line())
    except ProtocolMismatch as exc:
        channel.send(ErrorFrame(error=describe_failure(exc, filename="")))
        return 1
    _prepare(channel, job)
    try:
        answer = _perform(job, channel)
    except BaseException as exc:  # noqa: BLE001 - the script's boundary: SystemExit and KeyboardInterrupt end here too
        answer = ErrorFrame(error=_explain(describe_failure(exc, filename=job.filename), exc, job))
    _flush()
    return _send(channel, answer, job)


def _prepare(channel: Channel, job: Job) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # By line, so that a log can be followed; with escapes, so that printing unusual text does not fail.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    threading.stack_size(_THREAD_STACK_BYTES)
    for connection in job.connections or ():
        if connection.is_default:
            os.environ.update(connection.to_variables())
    os.environ.update(job.env)
    if job.definitions:
        from wren.script.catalogue import installed  # here: most jobs declare no integrations

        installed().declare(job.definitions)
    if isinstance(job, RunJob) and job.allowed_hosts is not None:
        explain_refusals(job.allowed_hosts)
    session.enter(
        ScriptSession(
            host=ChannelHost(channel),
            on_call=ChannelObserver(channel),
            connections=job.connections,
            is_describing=isinstance(job, DescribeJob),
        )
    )


def _perform(job: Job, channel: Channel) -> Answer:
    if isinstance(job, DescribeJob):
        from wren.runner.description import describe_script  # here: a run describes nothing

        metadata = describe_script(job, lambda finding: channel.send(FindingFrame(finding=finding)))
        return MetadataFrame(metadata=metadata)
    before = list_folder()
    try:
        module = load_script(job.script, filename=job.filename)
        value = call_function(vars(module), job.func, job.event)
        return ResultFrame(value=to_json_value(value, job.func))
    finally:
        if job.run_id:  # on an author's machine the files stay
            _tell_leftovers(before)


def _explain(failure: ScriptFailure, exc: BaseException, job: Job) -> ScriptFailure:
    """Add to a failed connection which hosts the sandbox allows."""
    allowed = job.allowed_hosts if isinstance(job, RunJob) else None
    if allowed is None or failure.code != "SCRIPT_FAILED" or not is_unreachable(exc):
        return failure
    told = describe_allowed(allowed)
    if told in failure.message:
        return failure
    return replace(failure, message=f"{failure.message}. The sandbox limits what a run reaches: {told}")


def _tell_leftovers(before: frozenset[str]) -> None:
    line = describe_leftovers(before, list_folder())
    if line is not None:
        with suppress(OSError, ValueError, AttributeError):  # a script may have closed standard error
            sys.stderr.write(f"{line}\n")


def _send(channel: Channel, answer: Answer, job: Job) -> int:
    try:
        channel.send(answer)
    except LineTooLarge as exc:
        what = "metadata of the script" if isinstance(job, DescribeJob) else f"result of {job.func!r}"
        error = AgentFixableError(f"the {what} is too large: {exc}", code="RESULT_TOO_LARGE")
        answer = ErrorFrame(error=describe_failure(error, filename=job.filename))
        channel.send(answer)
    return 1 if isinstance(answer, ErrorFrame) else 0


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A script may have closed them; that is not a failure.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
