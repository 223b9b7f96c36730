"""`wren spending`: the cost of models, and their budget."""

from typing import Annotated

import typer

from wren.cli.options import Json

app = typer.Typer(help="Show the cost of models, and set the monthly budget.", invoke_without_command=True)


@app.callback()
def show(
    context: typer.Context,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The month, in UTC. Default: the current one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what models cost in a month, by deployment, and the rest of the budget."""
    if context.invoked_subcommand is not None:
        return
    from wren.cli.commands.spending import show_spending

    show_spending(month, as_json=as_json)


@app.command("budget")
def budget(
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="US dollars a month; `none` removes the limit.")],
    as_json: Json = False,
) -> None:
    """Set how much the workspace may spend on models in a calendar month."""
    from wren.cli.commands.spending import set_budget

    set_budget(amount, as_json=as_json)
