"""Checks uses of integrations against their classes: names, methods, arguments and configuration."""

import ast
from collections.abc import Iterable, Iterator
from importlib.util import find_spec

from wren.checks.arguments import check_arguments
from wren.checks.configuration import check_config
from wren.checks.evaluator import Evaluator
from wren.checks.finding import Code
from wren.checks.scopes import Scope, ScopedNode
from wren.checks.source import Source
from wren.checks.values import Handle, Instance, Namespace, Package, Value
from wren.public_names import PUBLIC_NAMES, suggest_name
from wren.script.catalogue import Catalogue
from wren.script.metadata import NAMESPACE_FUNCTIONS
from wren_core.contract.integration import INSTANCE_NAMES, Integration
from wren_core.errors import IntegrationUnknown, PluginFailed
from wren_core.nearest import find_nearest, suggest
from wren_core.plugins.policy import first_party_distributions
from wren_core.protocol.findings import ScriptFinding

_HANDLE_NAMES = ("get_docs", "init")


def check_calls(source: Source, catalogue: Catalogue, found: Iterable[ScopedNode]) -> Iterator[ScriptFinding]:
    """Yield what is wrong with uses of integrations, as far as it can be known without running the script.

    Only the integrations that the script names are loaded.
    """
    places = list(found)
    check = _Check(source, catalogue, Evaluator(places, catalogue))
    for place in places:
        match place.node:
            case ast.ImportFrom(module="wren" | "wren.integrations", level=0):
                yield from check.check_import(place.node)
            case ast.Attribute(ctx=ast.Load()):
                yield from check.check_attribute(place.node, place.scope)
            case ast.Call(func=ast.Attribute() as function):
                yield from check.check_call(place.node, function, place.scope)


class _Check:
    def __init__(self, source: Source, catalogue: Catalogue, values: Evaluator) -> None:
        self._source = source
        self._catalogue = catalogue
        self._values = values

    def check_import(self, node: ast.ImportFrom) -> Iterator[ScriptFinding]:
        base: Value = Package() if node.module == "wren" else Namespace()
        for alias in node.names:
            if alias.name != "*":
                yield from self._check_name(
                    base, alias.name, alias, self._source.column(alias.lineno, alias.col_offset)
                )

    def check_attribute(self, node: ast.Attribute, scope: Scope) -> Iterator[ScriptFinding]:
        base = self._values.value(node.value, scope)
        if base is None or node.attr.startswith("__"):
            return
        end = self._source.column(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        yield from self._check_name(base, node.attr, node, end - len(node.attr))

    def check_call(self, node: ast.Call, function: ast.Attribute, scope: Scope) -> Iterator[ScriptFinding]:
        base = self._values.value(function.value, scope)
        if not isinstance(base, Handle | Instance):
            return
        integration = self._find_integration(base.name)
        if integration is None:
            return
        if isinstance(base, Handle) and function.attr == "init":
            yield from check_config(self._source, integration, self._catalogue.spec(base.name), node)
        elif isinstance(base, Instance) and function.attr in integration.methods():
            yield from check_arguments(self._source, integration, integration.methods()[function.attr], node)

    def _check_name(self, base: Value, name: str, node: ast.AST, column: int) -> Iterator[ScriptFinding]:
        """Yield what is wrong with the use of `name` on `base`."""
        finding: tuple[Code, str, str | None] | None = None
        match base:
            case Package():
                finding = _find_package_problem(name)
            case Namespace():
                finding = self._find_namespace_problem(name)
            case Handle(integration_name) if name not in _HANDLE_NAMES and self._find_integration(integration_name):
                call = f"{integration_name} = wren.integrations.{integration_name}.init()"
                text = f"{integration_name!r} is not an instance yet, so it has no {name!r}"
                finding = (Code.INIT_MISSING, text, f"write `{call}` and use that")
            case Instance(integration_name):
                finding = _find_instance_problem(self._find_integration(integration_name), name)
        if finding is not None:
            code, message, hint = finding
            line = getattr(node, "end_lineno", None)
            yield ScriptFinding(code=code, message=message, file=self._source.file, line=line, column=column, hint=hint)

    def _find_namespace_problem(self, name: str) -> tuple[Code, str, str | None] | None:
        if name in NAMESPACE_FUNCTIONS:
            return None
        try:
            self._catalogue.get(name)
        except IntegrationUnknown as exc:
            hint = None if exc.details.get("nearest") else _explain_unknown(name)
            return Code.INTEGRATION_UNKNOWN, exc.message, hint
        except PluginFailed as exc:
            return Code.PLUGIN_FAILED, exc.message, "repair or reinstall the distribution"
        return None

    def _find_integration(self, name: str) -> type[Integration] | None:
        """Return an integration that loads; one that does not is reported where the script names it."""
        try:
            return self._catalogue.get(name)
        except (IntegrationUnknown, PluginFailed):
            return None


def _explain_unknown(name: str) -> str:
    """Return how an integration may be had; a package is named only where it is known to exist."""
    distribution = f"wren-{name.replace('_', '-')}"
    if distribution in first_party_distributions():
        return f"`pip install {distribution}`, here and on the server"
    return (
        f"`wren integrations list` shows what is installed; `wren integrations fetch {name}` gets what the server has "
        "declared; a package, an OpenAPI document (`wren integrations import`) or a plugin (`wren plugin new`) adds it"
    )


def _find_package_problem(name: str) -> tuple[Code, str, str | None] | None:
    if name in PUBLIC_NAMES or name.startswith("__") or find_spec(f"wren.{name}") is not None:
        return None
    return Code.WREN_NAME_UNKNOWN, f"'wren' has no {name!r}", suggest_name(name)


def _find_instance_problem(integration: type[Integration] | None, name: str) -> tuple[Code, str, str | None] | None:
    if integration is None or name in INSTANCE_NAMES or hasattr(integration, name):
        return None
    if hasattr(integration, "__getattr__"):
        return None  # the class resolves further names itself
    methods = list(integration.methods())
    hint = suggest(find_nearest(name, methods), otherwise=f"it has {', '.join(methods) or 'no methods'}")
    return Code.METHOD_UNKNOWN, f"{integration.spec.name} has no method {name!r}", hint
