"""Loads a script's source as a module, whose lines appear in tracebacks."""

import linecache
import sys
from types import ModuleType

# Not the file's own name: a script called `email.py` must not replace the standard library's module.
MODULE_NAME = "wren_script"


def load_script(source: str, *, filename: str) -> ModuleType:
    """Execute `source` as a module and return it.

    Raises:
        SyntaxError: the source is not Python.
        BaseException: any exception of the script's import.
    """
    code = compile(source, filename, "exec", dont_inherit=True)
    module = ModuleType(MODULE_NAME)
    module.__file__ = filename
    # Registered, because dataclasses, pickling and annotations look their module up by name.
    sys.modules[MODULE_NAME] = module
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(code, vars(module))  # noqa: S102 - running scripts is what this process is for
    return module
