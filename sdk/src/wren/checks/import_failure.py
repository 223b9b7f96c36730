"""The finding for an exception of a script's import."""

import re
import sys
from pathlib import Path

from wren.checks.finding import Code
from wren_core.protocol.findings import ScriptFinding
from wren_core.protocol.frames import ScriptFailure

_TOP_LEVEL_HINT = "do the work inside a triggered function, not at the top level"
# The runner's codes that are codes of findings, too; every other failure is an import that failed.
_CODES = {**{code.value: code for code in Code}, "SCRIPT_EXITED": Code.IMPORT_EXITED}
_MISSING = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")
_MOST_TEXT = 4000


def make_import_finding(failure: ScriptFailure) -> ScriptFinding:
    """Return what an exception of the import means for the author."""
    code = _CODES.get(failure.code, Code.IMPORT_FAILED)
    missing = _MISSING.match(failure.message) if failure.code == "SCRIPT_FAILED" else None
    hint = _TOP_LEVEL_HINT if code in (Code.IMPORT_EXITED, Code.CALL_AT_IMPORT) else None
    message = failure.message
    if missing is not None:
        code, hint = Code.MODULE_MISSING, explain_missing(missing.group(1), failure.file)
        message = f"no module named {missing.group(1)!r} is installed where scripts run"
    return ScriptFinding(
        code=code,
        message=message[:_MOST_TEXT],
        file=failure.file or "",
        line=failure.line,
        column=failure.column,
        hint=hint,
    )


def explain_missing(module: str, file: str | None = None) -> str:
    """Return what is possible where a module is missing."""
    top = module.partition(".")[0]
    if file is not None and _is_beside(top, file):
        return f"a script is one file, and {top}.py is not deployed with it: move what it needs into the script"
    if top in sys.stdlib_module_names:
        return "this Python was built without it"
    return (
        "a script can import Python's standard library, wren, and the packages that are installed for the server; "
        f"the operator installs {top!r} there, or the script does without it"
    )


def _is_beside(module: str, file: str) -> bool:
    folder = Path(file).parent
    try:
        return (folder / f"{module}.py").is_file() or (folder / module).is_dir()
    except OSError:
        return False
