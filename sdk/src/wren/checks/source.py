"""Reads, decodes and parses a script, or returns the finding that says why it cannot."""

import ast
import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from wren.checks.finding import Code
from wren_core.errors import AgentFixableError
from wren_core.protocol.findings import ScriptFinding, Severity

MAX_BYTES = 1024 * 1024
_LINE_END = re.compile(r"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A script that parses."""

    file: str
    text: str
    tree: ast.Module

    @cached_property
    def _lines(self) -> list[str]:
        return _LINE_END.split(self.text)  # not `splitlines`, which splits at more characters than Python

    def column(self, line: int, byte_offset: int) -> int:
        """Return the column, in characters from 1, of a position as `ast` counts it: in bytes of UTF-8."""
        before = self._lines[line - 1].encode()[:byte_offset] if 0 < line <= len(self._lines) else b""
        return len(before.decode("utf-8", "replace")) + 1

    def finding(
        self, code: Code, message: str, node: ast.AST, *, hint: str | None = None, severity: Severity = "error"
    ) -> ScriptFinding:
        """Return a finding at the start of `node`."""
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        return ScriptFinding(
            code=code,
            message=message,
            file=self.file,
            line=line,
            column=self.column(line, offset),
            hint=hint,
            severity=severity,
        )


class ScriptInvalid(AgentFixableError):
    """The script cannot be deployed or run; `details` holds the findings."""

    code = "SCRIPT_INVALID"


class ScriptUnreadable(AgentFixableError):
    """The script does not exist, or cannot be read."""

    code = "SCRIPT_UNREADABLE"


def read_script(path: Path) -> bytes:
    """Return the bytes of a script, at most one more than the limit of a deployment.

    Raises:
        ScriptUnreadable: with the path and the reason.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        raise ScriptUnreadable(f"cannot read {str(path)!r}: {reason}", details={"file": str(path)}) from exc


def parse_script(content: bytes, file: str) -> Source | ScriptFinding:
    """Return the parsed script, or the finding that says why it cannot be parsed. Does not run it."""
    text = decode_script(content, file)
    if isinstance(text, ScriptFinding):
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a check prints findings, not Python's warnings about escapes
            tree = ast.parse(text, filename=file)
            compile(tree, file, "exec", dont_inherit=True)  # also finds, for example, `return` at module level
    except SyntaxError as exc:
        return _make_syntax_finding(exc, file)
    except (RecursionError, MemoryError, ValueError, OverflowError) as exc:
        return ScriptFinding(code=Code.SYNTAX_ERROR, message=f"Python cannot compile this: {exc}", file=file, line=1)
    return Source(file=file, text=text, tree=tree)


def decode_script(content: bytes, file: str) -> str | ScriptFinding:
    """Return the text of a script, or a finding: it is too large, empty, has a NUL, or is not UTF-8."""
    if len(content) > MAX_BYTES:
        message = f"the script is larger than {MAX_BYTES // 1024} KiB, the most that can be deployed"
        return ScriptFinding(
            code=Code.SCRIPT_TOO_LARGE, message=message, file=file, hint="move data out of the script and fetch it"
        )
    if not content.removeprefix(_BOM).strip():
        return ScriptFinding(code=Code.SCRIPT_EMPTY, message="the script is empty", file=file, line=1)
    nul = content.find(b"\0")
    if nul >= 0:
        line = content.count(b"\n", 0, nul) + 1
        return ScriptFinding(
            code=Code.SCRIPT_NUL, message="the script has a NUL byte; is it a text file?", file=file, line=line
        )
    try:
        return content.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        message = f"byte 0x{content[exc.start]:02x} is not UTF-8; save the script as UTF-8"
        return ScriptFinding(code=Code.SCRIPT_NOT_UTF8, message=message, file=file, line=line)


def _make_syntax_finding(exc: SyntaxError, file: str) -> ScriptFinding:
    text = (exc.text or "").strip()
    hint = f"in: {text[:120]}" if text else None
    column = exc.offset if exc.offset and exc.offset > 0 else None
    return ScriptFinding(
        code=Code.SYNTAX_ERROR,
        message=exc.msg or "invalid syntax",
        file=file,
        line=exc.lineno,
        column=column,
        hint=hint,
    )
