"""`wren integrations cost`."""

from typing import Any

from wren.cli.screen import Screen, loading_plugins
from wren.cli.tool_cost import FORMS, IntegrationCost, MethodCost, added, integration_cost, standing_cost
from wren.script.catalogue import Catalogue, installed
from wren_core.errors import PluginFailed

_COUNTED = "estimated; tool definitions are within 6 % of OpenAI's o200k_base"


def show_cost(names: list[str], *, as_json: bool) -> None:
    """Show what the tools of the named integrations, or of all installed, cost a model."""
    screen = Screen(as_json=as_json)
    with loading_plugins():
        costs, missing = _costs(installed(), names)
    modes = _modes(costs)
    screen.answer(
        {
            "counted": _COUNTED,
            "integrations": [_integration(cost) for cost in costs],
            "modes": modes,
            "missing": missing,
        }
    )
    for cost in costs:
        screen.line(f"{cost.name} {cost.version}", style="bold")
        screen.table(("method", *FORMS, "docs", "dynamic"), [*map(_row, cost.methods), _total(cost)])
        screen.line()
    _show_modes(screen, modes)
    for name, reason in missing.items():
        screen.note(f"{name} is left out: {reason}", style="yellow")


def _costs(catalogue: Catalogue, names: list[str]) -> tuple[list[IntegrationCost], dict[str, str]]:
    """Return the costs; only one that nobody asked for by name may be left out."""
    costs: list[IntegrationCost] = []
    missing: dict[str, str] = {}
    for name in dict.fromkeys(names) or catalogue.names():
        try:
            costs.append(integration_cost(catalogue.spec(name)))
        except PluginFailed as exc:
            if names:
                raise
            missing[name] = exc.message
    return costs, missing


def _modes(costs: list[IntegrationCost]) -> dict[str, Any]:
    used = [method.dynamic for cost in costs for method in cost.methods]
    return {
        "all": {
            "about": "the documents and tools of all of these, with every request",
            "tokens": added([cost.total for cost in costs]),
        },
        "specific": {
            "about": "the documents and tools of one, with every request",
            "tokens": {cost.name: cost.total for cost in costs},
        },
        "dynamic": {
            "about": "three tools with every request, and a method once, when it is used",
            "tokens": standing_cost(),
            "method": {"least": min(used, default=0), "most": max(used, default=0)},
        },
    }


def _show_modes(screen: Screen, modes: dict[str, Any]) -> None:
    dynamic = modes["dynamic"]
    rows = [
        ("all", modes["all"]["tokens"], ""),
        *((name, item, "") for name, item in modes["specific"]["tokens"].items()),
    ]
    span = f"and {dynamic['method']['least']} to {dynamic['method']['most']} for each method that is used"
    screen.line("tokens of documents and tools with every request", style="bold")
    columns = ("given to the model", *FORMS, "")
    screen.table(
        columns,
        [
            *((name, *(tokens[form] for form in FORMS), note) for name, tokens, note in rows),
            ("dynamic", *(dynamic["tokens"][form] for form in FORMS), span),
        ],
    )
    screen.note(f"counts are {_COUNTED}; other models count a little otherwise")


def _integration(cost: IntegrationCost) -> dict[str, Any]:
    return {
        "name": cost.name,
        "version": cost.version,
        "methods": [_method(method) for method in cost.methods],
        "tools": cost.forms,
        "docs": cost.docs,
        "total": cost.total,
    }


def _method(method: MethodCost) -> dict[str, Any]:
    return {
        "id": method.id,
        "tools": method.forms,
        "strict": method.is_strict,
        "docs": method.docs,
        "dynamic": method.dynamic,
    }


def _row(method: MethodCost) -> tuple[Any, ...]:
    strict = method.forms["openai_strict"] if method.is_strict else "-"
    forms = {**method.forms, "openai_strict": strict}
    return (method.id, *(forms[form] for form in FORMS), method.docs, method.dynamic)


def _total(cost: IntegrationCost) -> tuple[Any, ...]:
    return ("together", *(cost.forms[form] for form in FORMS), cost.docs, "")
