"""The files of the stub package for the installed integrations.

The stubs take precedence over the installed package `wren` and contain only the modules that differ; for all others
type checkers use the package itself.
"""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wren import integrations
from wren.script.catalogue import Catalogue
from wren.stubs.declaration import is_name, write_docstring
from wren.stubs.module import StubModule
from wren_core.errors import PluginFailed
from wren_core.plugins.plugin import Plugin

MARK = "# Made by `wren integrations stubs`"
_HEADER = f"{MARK}; run it again after installing or removing an integration.\n"
_ROOT = Path(__file__).parents[1] / "__init__.py"
_FUNCTIONS = """
def get_docs(name: str) -> _wren_core_export_docs.IntegrationDocs:
{get_docs}

def render_docs(names: _collections_abc.Iterable[str] | None = None) -> str:
{render_docs}

def list() -> _builtins.list[str]:
{list}
"""
_IMPORTS = """import builtins as _builtins
import collections.abc as _collections_abc
import wren_core.export.docs as _wren_core_export_docs
"""


@dataclass(frozen=True, kw_only=True)
class StubPackage:
    """The stub files, and the integrations without a stub."""

    files: dict[str, str]
    """Text by path, relative to the stubs folder."""
    missing: dict[str, str]
    """Integrations that could not be loaded, with the code that says why."""


def stub_package(catalogue: Catalogue) -> StubPackage:
    """Build the stubs of all installed integrations that can be loaded."""
    handles: dict[str, str] = {}
    missing: dict[str, str] = {}
    files: dict[str, str] = {}
    for name in catalogue.names():
        try:
            plugin, module = catalogue.plugin(name), StubModule(catalogue.get(name))
        except PluginFailed as exc:
            missing[name] = str(exc.details.get("cause", exc.code))
            continue
        handles[name] = module.handle
        files[f"wren/_installed/{name}.pyi"] = f"{_HEADER}# {_describe_origin(plugin)}\n\n{module.text()}"
    files["wren/_installed/__init__.pyi"] = _HEADER
    files["wren/__init__.pyi"] = f"{_HEADER}\n{_write_root()}"
    files["wren/integrations.pyi"] = f"{_HEADER}\n{_write_namespace(handles, missing)}"
    return StubPackage(files=dict(sorted(files.items())), missing=missing)


def _describe_origin(plugin: Plugin) -> str:
    # A definition file has no distribution, and its path differs between machines.
    return f"{plugin.distribution} {plugin.version}" if plugin.version else f"declared {plugin.spec.version}".rstrip()


def _write_root() -> str:
    """Return the TYPE_CHECKING branch of the package itself."""
    tree = ast.parse(_ROOT.read_text(encoding="utf-8"))
    branches = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    lines = [ast.unparse(statement) for branch in branches for statement in branch.body]
    return "\n".join([write_docstring(ast.get_docstring(tree) or ""), "", *lines]) + "\n"


def _write_namespace(handles: dict[str, str], missing: dict[str, str]) -> str:
    usable = [name for name in handles if is_name(name) and name not in integrations.__all__]
    imported = [f"import wren._installed.{name} as _{name}" for name in usable]
    attributes = [f"{name}: _{name}.{handles[name]}" for name in usable]
    comments = [
        f"# {name!r} is left out: {code}; `wren plugins doctor {name}` says why" for name, code in missing.items()
    ]
    functions = {name: getattr(integrations, name) for name in integrations.__all__}
    body = _FUNCTIONS.format(**{name: _indent_docstring(item) for name, item in functions.items()})
    head = [write_docstring(inspect.getdoc(integrations) or ""), "", _IMPORTS.rstrip(), *imported]
    return "\n".join([*head, "", *attributes, *comments, body])


def _indent_docstring(function: Callable[..., object]) -> str:
    return "    " + write_docstring(inspect.getdoc(function) or "").replace("\n", "\n    ")
