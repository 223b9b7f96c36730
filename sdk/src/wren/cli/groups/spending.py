"""`wren spending`: what models cost, and the budget that limits it."""

from typing import Annotated

import typer

from wren.cli.options import Json

app = typer.Typer(help="What models cost, and the budget that limits it.", invoke_without_command=True)


@app.callback()
def show(
    context: typer.Context,
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="In UTC; the current one if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show what the models called in a month cost, by deployment, and what is left of the budget."""
    if context.invoked_subcommand is not None:
        return
    from wren.cli.commands.spending import show_spending

    show_spending(month, as_json=as_json)


@app.command("budget")
def budget(
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="US dollars a month; `none` takes the limit away.")],
    as_json: Json = False,
) -> None:
    """Limit what the workspace spends on models in a calendar month."""
    from wren.cli.commands.spending import set_budget

    set_budget(amount, as_json=as_json)
