"""Why a plugin cannot be used: the place, the cause, and what its author or its operator can do."""

import re
import sys
import threading
from collections.abc import Iterator
from pkgutil import iter_modules
from types import FrameType, ModuleType
from typing import Any

from importlib_metadata import EntryPoint
from pydantic import PydanticUserError, ValidationError

from wren_core.contract.integration import Integration
from wren_core.contract.misfit import describe_error
from wren_core.contract.plugin_line import format_line, last_line, package_of
from wren_core.contract.values import DeclarationInvalid
from wren_core.nearest import find_nearest, suggest

_REINSTALL = "correct the entry point in pyproject.toml, and install the distribution again"


class RefusedError(Exception):
    """A plugin cannot be used; `code` is one of the codes of `FailedPlugin`."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def refusal_of(exc: BaseException, point: EntryPoint) -> RefusedError:
    """Return why an entry point that raised `exc` cannot be used, with the line of the plugin that was at work."""
    if isinstance(exc, RefusedError):
        return exc
    where = _place_in(point.module, exc)
    if isinstance(exc, ModuleNotFoundError):
        return _missing_module(exc, point, where)
    if isinstance(exc, SystemExit):
        return RefusedError("PLUGIN_EXITED", f"called sys.exit({exc.code!r}) while it was loaded{where}")
    if isinstance(exc, DeclarationInvalid):
        is_placed = re.search(r", line \d+\)$", error_text(exc))
        return RefusedError("PLUGIN_INVALID", f"{error_text(exc)}{'' if is_placed else where}")
    if isinstance(exc, ValidationError | PydanticUserError):
        return RefusedError("PLUGIN_INVALID", f"{describe_error(exc)}{where}")
    text = error_text(exc)
    if isinstance(exc, SyntaxError):  # its text has the place
        return RefusedError("PLUGIN_RAISED", f"{type(exc).__name__}: {text}")
    cure = _cure_import(exc) if isinstance(exc, ImportError) else ""
    return RefusedError("PLUGIN_RAISED", f"{type(exc).__name__}: {text}{cure}{where}")


def _cure_import(exc: ImportError) -> str:
    if "partially initialized module" in error_text(exc):
        return "; move one of the two imports into a function"
    wanted = re.match(r"cannot import name '(\w+)'", error_text(exc))  # `name_from` is there from Python 3.12 on
    nearest = find_nearest(wanted[1], dir(sys.modules.get(exc.name or ""))) if wanted else None
    return f"; did you mean {nearest!r}?" if nearest else ""


def refuse_slow(point: EntryPoint, thread: threading.Thread, seconds: float) -> RefusedError:
    """Return the refusal of a plugin that is still loading after a time limit, with the line at which it is."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - there is no public way to ask a thread
    package = point.module.partition(".")[0]
    lines = [format_line(item, item.f_lineno) for item in _outer_frames(frame) if package_of(item) == package]
    where = f" ({lines[0]})" if lines else ""
    return RefusedError("PLUGIN_TIMED_OUT", f"did not load within {seconds:g} s{where}")


def explain_value(point: EntryPoint) -> str:
    """Say what is wrong with the text of an entry point."""
    return f"the entry point {point.name} = {point.value!r} is not `package.module:Class`; {_REINSTALL}"


def explain_attribute(point: EntryPoint, owner: Any, name: str) -> str:
    """Say that a module has no such class."""
    nearest = find_nearest(name, (key for key in vars(owner) if not key.startswith("_")))
    offered = [key for key, value in vars(owner).items() if _is_own(value, owner)]
    hint = suggest(nearest, otherwise=f"it has {', '.join(offered) or 'no Integration class'}")
    return f"{point.module} has no attribute {name!r}; {hint}; {_REINSTALL}"


def explain_spec(cls: type) -> str:
    """Say what is wrong with the `spec` of a class, to be read after its name."""
    given = getattr(cls, "spec", None)
    if given is not None:
        return f"is not an IntegrationSpec, but a {type(given).__name__}; write spec = IntegrationSpec(name=...)"
    nearest = find_nearest("spec", vars(cls))
    return (
        f"is not an IntegrationSpec: it is missing; {suggest(nearest, otherwise='write spec = IntegrationSpec(...)')}"
    )


def explain_offer(point: EntryPoint, plugin: Any, names: list[str]) -> str:
    """Say that what an entry point loads is not the integration of its name."""
    if names:
        offered = ", ".join(names)
        return f"entry point {point.name!r} offers {offered}; spec.name must equal the entry point's name; rename one"
    what = f"it {_describe_offer(point, plugin)}"
    return f"entry point {point.name!r} offers no integration; spec.name must equal the entry point's name: {what}"


def _describe_offer(point: EntryPoint, plugin: Any) -> str:
    if isinstance(plugin, ModuleType):
        named = [f"{point.module}:{name}" for name, value in vars(plugin).items() if _is_own(value, plugin)]
        return f"is a module without the hook wren_integrations; name the class, {' or '.join(named) or 'module:Class'}"
    if isinstance(plugin, type):
        return f"is a class, but not one of Integration; write class {plugin.__name__}(Integration)"
    return f"is a {type(plugin).__name__}, not a class of Integration"


def error_text(exc: BaseException) -> str:
    """Return the text of an exception, even where its `__str__` fails."""
    try:
        return str(exc)
    except Exception:  # noqa: BLE001 - the `__str__` of a plugin's exception may fail
        return "(it cannot be printed)"


def _missing_module(exc: ModuleNotFoundError, point: EntryPoint, where: str) -> RefusedError:
    name = exc.name or ""
    if not where and (point.module == name or point.module.startswith(f"{name}.")):
        reason = f"{error_text(exc)}, which the entry point {point.name!r} names; {_REINSTALL}"
        return RefusedError("DEPENDENCY_MISSING", reason)
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        known = [item.name for item in iter_modules(getattr(sys.modules[parent], "__path__", ()))]
        nearest = find_nearest(child, known) or next((name for name in known if name.startswith(child)), None)
        hint = suggest(nearest and f"{parent}.{nearest}", otherwise=f"{parent} is installed, and has no such module")
        return RefusedError("DEPENDENCY_MISSING", f"{error_text(exc)}{where}; {hint}")
    cure = "reinstall it with its dependencies; where they do not name it, add it to pyproject.toml"
    return RefusedError("DEPENDENCY_MISSING", f"{error_text(exc)}; {cure}{where}")


def _place_in(module: str, exc: BaseException) -> str:
    """Return the last line of the plugin in a traceback, in brackets; empty where there is none."""
    line = last_line(exc, module.partition(".")[0])
    return f" ({line})" if line else ""


def _outer_frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_own(value: Any, module: Any) -> bool:
    """Tell whether a value is an integration class that a module defines."""
    is_class = isinstance(value, type) and issubclass(value, Integration)
    return is_class and value.__module__.partition(".")[0] == module.__name__.partition(".")[0]
