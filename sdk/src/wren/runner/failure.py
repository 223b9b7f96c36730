"""Describes the failure of a script for the error frame: class, code, message and line."""

import traceback
from typing import Any

from wren.runner.refusals import SandboxRefusal, find_refusal
from wren_core.errors import AgentFixableError, WrenError
from wren_core.protocol.frames import ScriptFailure

_MAX_TRACEBACK = 16_000
_MAX_MESSAGE = 4_000
_MAX_SOURCE_TEXT = 120


def describe_failure(exc: BaseException, *, filename: str) -> ScriptFailure:
    """Return a failure in its wire form; `file`, `line` and `traceback` show only the script's own frames."""
    error = exc if isinstance(exc, WrenError) else _as_wren_error(exc)
    return ScriptFailure(
        **{**error.to_wire(), "message": _shorten(error.message, _MAX_MESSAGE)}, **_find_place(exc, filename)
    )


def _find_place(exc: BaseException, filename: str) -> dict[str, Any]:
    if isinstance(exc, SyntaxError) and exc.filename == filename:
        return {
            "file": filename,
            "line": exc.lineno,
            "column": _find_column(exc),
            "traceback": _format_traceback(exc, []),
        }
    frames = [frame for frame in traceback.extract_tb(exc.__traceback__) if frame.filename == filename]
    if not frames:
        return {}
    return {"file": filename, "line": frames[-1].lineno, "traceback": _format_traceback(exc, frames)}


def _as_wren_error(exc: BaseException) -> WrenError:
    if isinstance(exc, SyntaxError):
        return AgentFixableError(f"the script is not valid Python: {_describe_syntax_error(exc)}", code="SYNTAX_ERROR")
    if isinstance(exc, SystemExit):
        return AgentFixableError(
            f"the script called sys.exit({exc.code!r}); return from the function instead", code="SCRIPT_EXITED"
        )
    if isinstance(exc, MemoryError):
        text, code = "the script needs more memory than a run may use", "MEMORY_LIMIT_EXCEEDED"
    else:
        text, code = _format_exception(exc), "SCRIPT_FAILED"
    refusal = find_refusal(exc)
    if refusal is None:
        return AgentFixableError(text, code=code)
    return AgentFixableError(
        f"{_shorten(text, _MAX_MESSAGE // 2)} (the sandbox: {_describe_refusal(refusal)})",
        code=code,
        details={"refused_by": refusal.setting or "sandbox"},
    )


def _describe_refusal(refusal: SandboxRefusal) -> str:
    if refusal.setting is None:
        return refusal.words
    return f"{refusal.words}; the operator's setting {refusal.setting} allows more"


def _describe_syntax_error(exc: SyntaxError) -> str:
    """Return the error with its place and the text there: this message may be all that a reader sees."""
    place = ":".join(str(part) for part in (exc.filename, exc.lineno, _find_column(exc)) if part is not None)
    text = (exc.text or "").strip()
    return f"{exc.msg} at {place}" + (f": {_shorten(text, _MAX_SOURCE_TEXT)}" if text else "")


def _find_column(exc: SyntaxError) -> int | None:
    return exc.offset if exc.offset and exc.offset > 0 else None


def _format_exception(exc: BaseException) -> str:
    try:
        text = str(exc)
    except Exception as broken:  # noqa: BLE001 - an exception of the script may fail to describe itself
        text = f"<no description: {type(broken).__name__}>"
    return f"{type(exc).__name__}: {text}" if text else type(exc).__name__


def _format_traceback(exc: BaseException, frames: list[traceback.FrameSummary]) -> str:
    head = ["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []
    tail = traceback.format_exception_only(exc) if isinstance(exc, SyntaxError) else [_format_exception(exc)]
    return _shorten("".join([*head, *tail]).rstrip(), _MAX_TRACEBACK)


def _shorten(text: str, limit: int) -> str:
    """Keep both ends: the first call, and the line that failed."""
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]}\n...\n{text[-half:]}"
