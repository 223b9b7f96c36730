"""`wren integrations cost`."""

from typing import Any

from wren.cli.screen import Screen, redirect_plugin_output
from wren.cli.tool_cost import FORMS, IntegrationCost, MethodCost, add_costs, count_dynamic_tools, count_integration
from wren.script.catalogue import Catalogue, installed
from wren_core.errors import PluginFailed

_COUNTED = "estimated; tool definitions are within 6 % of OpenAI's o200k_base"


def show_cost(names: list[str], *, as_json: bool) -> None:
    """Show the tokens that the tools of the named integrations, or of all installed ones, cost a model."""
    screen = Screen(as_json=as_json)
    with redirect_plugin_output():
        costs, missing = _count_costs(installed(), names)
    modes = _compare_modes(costs)
    screen.answer(
        {
            "counted": _COUNTED,
            "integrations": [_make_integration_json(cost) for cost in costs],
            "modes": modes,
            "missing": missing,
        }
    )
    for cost in costs:
        screen.line(f"{cost.name} {cost.version}", style="bold")
        screen.table(("method", *FORMS, "docs", "dynamic"), [*map(_make_row, cost.methods), _make_total_row(cost)])
        screen.line()
    _show_modes(screen, modes)
    for name, reason in missing.items():
        screen.note(f"{name} is left out: {reason}", style="yellow")


def _count_costs(catalogue: Catalogue, names: list[str]) -> tuple[list[IntegrationCost], dict[str, str]]:
    """Return the costs; an integration that fails is left out, unless it was named."""
    costs: list[IntegrationCost] = []
    missing: dict[str, str] = {}
    for name in dict.fromkeys(names) or catalogue.names():
        try:
            costs.append(count_integration(catalogue.spec(name)))
        except PluginFailed as exc:
            if names:
                raise
            missing[name] = exc.message
    return costs, missing


def _compare_modes(costs: list[IntegrationCost]) -> dict[str, Any]:
    used = [method.dynamic for cost in costs for method in cost.methods]
    return {
        "all": {
            "about": "the documents and tools of all integrations above, with every request",
            "tokens": add_costs([cost.total for cost in costs]),
        },
        "specific": {
            "about": "the documents and tools of one integration, with every request",
            "tokens": {cost.name: cost.total for cost in costs},
        },
        "dynamic": {
            "about": "three tools with every request, and each method once, when it is used",
            "tokens": count_dynamic_tools(),
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
    screen.note(f"counts are {_COUNTED}; other models count slightly differently")


def _make_integration_json(cost: IntegrationCost) -> dict[str, Any]:
    return {
        "name": cost.name,
        "version": cost.version,
        "methods": [_make_method_json(method) for method in cost.methods],
        "tools": cost.forms,
        "docs": cost.docs,
        "total": cost.total,
    }


def _make_method_json(method: MethodCost) -> dict[str, Any]:
    return {
        "id": method.id,
        "tools": method.forms,
        "strict": method.is_strict,
        "docs": method.docs,
        "dynamic": method.dynamic,
    }


def _make_row(method: MethodCost) -> tuple[Any, ...]:
    strict = method.forms["openai_strict"] if method.is_strict else "-"
    forms = {**method.forms, "openai_strict": strict}
    return (method.id, *(forms[form] for form in FORMS), method.docs, method.dynamic)


def _make_total_row(cost: IntegrationCost) -> tuple[Any, ...]:
    return ("together", *(cost.forms[form] for form in FORMS), cost.docs, "")
