"""The boundary of the command line: every failure becomes an exit code and one readable error."""

import io
import os
import sys
import traceback
from contextlib import suppress

from typer import Abort, TyperException
from typer.main import get_command

from wren.cli import exit_codes
from wren.cli.app import app
from wren.cli.exit_codes import Interrupted, UsageInvalid, exit_code_of
from wren.cli.screen import Screen
from wren_core.errors import InternalError, WrenError

DEBUG_VARIABLE = "WREN_DEBUG"


def run_command() -> int:
    """Run the command named on the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # unprintable text must not fail the command
    arguments = sys.argv[1:] or ["--help"]
    try:
        return _dispatch(arguments)
    except WrenError as exc:
        error = exc
    except BrokenPipeError:
        _discard_stdout()
        return exit_codes.FAILED
    except Exception as exc:  # noqa: BLE001 - the boundary: a person gets an id and a way to learn more, no traceback
        error = _make_unexpected_error(exc)
    as_json = "--json" in arguments
    if as_json or not isinstance(error, Interrupted):  # a person who pressed Ctrl-C needs no message
        with suppress(BrokenPipeError):
            Screen(as_json=as_json).error(error)
    return exit_code_of(error)


def _dispatch(arguments: list[str]) -> int:
    try:
        code = get_command(app).main(args=arguments, prog_name="wren", standalone_mode=False)
    except Abort:  # standard input ended at a question
        code = exit_codes.INTERRUPTED
    except TyperException as exc:
        raise _make_usage_error(exc) from exc
    if code == exit_codes.INTERRUPTED:
        raise Interrupted("interrupted before it finished")
    sys.stdout.flush()  # here, where a closed pipe is still an exception to catch
    return code if isinstance(code, int) else exit_codes.OK


def _make_usage_error(exc: TyperException) -> UsageInvalid:
    command = getattr(getattr(exc, "ctx", None), "command_path", None) or "wren"
    return UsageInvalid(f"{exc.format_message().rstrip('.')}; see `{command} --help`")


def _make_unexpected_error(exc: Exception) -> InternalError:
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(exc)
    return InternalError(
        f"an unexpected {type(exc).__name__} in the command line itself; "
        f"set {DEBUG_VARIABLE}=1 to see where, and report it",
        code="CLI_FAILED",
    )


def _discard_stdout() -> None:
    """Point standard output at /dev/null, so that the interpreter reports no closed pipe at its exit."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
