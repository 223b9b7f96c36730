"""Checks calls of `wren.ai` against its signature and the installed integrations."""

import ast
import inspect
from collections.abc import Iterable, Iterator

from wren.checks.evaluator import Evaluator
from wren.checks.finding import Code
from wren.checks.scopes import ScopedNode
from wren.checks.source import Source
from wren.checks.values import Member
from wren.script.ai import ai
from wren.script.catalogue import Catalogue
from wren_core.ai.integration import AIIntegration
from wren_core.errors import IntegrationUnknown, PluginFailed
from wren_core.nearest import find_nearest, suggest
from wren_core.protocol.findings import ScriptFinding

_AI = Member("ai")


def check_ai_calls(source: Source, catalogue: Catalogue, found: Iterable[ScopedNode]) -> Iterator[ScriptFinding]:
    """Yield what is wrong with calls of `wren.ai`, as far as it can be known without running the script."""
    evaluator = Evaluator()
    for place in found:
        if isinstance(place.node, ast.Call) and evaluator.value(place.node.func, place.scope) == _AI:
            yield from _check_arguments(source, place.node)
            yield from _check_integration(source, catalogue, place.node)


def _check_arguments(source: Source, call: ast.Call) -> Iterator[ScriptFinding]:
    known = [name for name in inspect.signature(ai).parameters if name != "data"]
    given = [keyword.arg for keyword in call.keywords]
    if not call.args and "prompt" not in given and None not in given:
        yield source.finding(
            Code.ARGUMENT_MISSING, "wren.ai needs a prompt", call, hint='wren.ai("Summarise this", text)'
        )
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg not in known:
            hint = suggest(find_nearest(keyword.arg, known), otherwise=f"it takes {', '.join(known)}")
            text = f"wren.ai takes no argument {keyword.arg!r}"
            yield source.finding(Code.ARGUMENT_UNKNOWN, text, keyword, hint=hint)


def _check_integration(source: Source, catalogue: Catalogue, call: ast.Call) -> Iterator[ScriptFinding]:
    for keyword in call.keywords:
        match keyword:
            case ast.keyword(arg="integration", value=ast.Constant(value=str(name))):
                yield from _check_name(source, catalogue, name, keyword.value)


def _check_name(source: Source, catalogue: Catalogue, name: str, node: ast.expr) -> Iterator[ScriptFinding]:
    try:
        integration = catalogue.get(name)
    except IntegrationUnknown as exc:
        yield source.finding(Code.INTEGRATION_UNKNOWN, exc.message, node)
    except PluginFailed as exc:
        yield source.finding(Code.PLUGIN_FAILED, exc.message, node, hint="repair or reinstall the distribution")
    else:
        if not issubclass(integration, AIIntegration):
            text = f"{name!r} offers no models, so wren.ai cannot ask it"
            yield source.finding(Code.ARGUMENT_INVALID, text, node, hint="name an integration of type ai")
