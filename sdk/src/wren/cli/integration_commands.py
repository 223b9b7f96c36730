"""`wren integrations ...`: what is installed here, and how it is used."""

from typing import Annotated

import typer

from wren.cli.options import Json

app = typer.Typer(help="What is installed here, and how it is used.", no_args_is_help=False)


@app.command("list")
def list_integrations(
    remote: Annotated[bool, typer.Option("--remote", help="Ask the server what it offers.")] = False,
    as_json: Json = False,
) -> None:
    """List the integrations, and the plugins that could not be loaded."""
    from wren.cli.offering import list_installed, list_remote

    list_remote(as_json=as_json) if remote else list_installed(as_json=as_json)


@app.command("show")
def show_integration(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An integration.")], as_json: Json = False
) -> None:
    """Show how an integration is used: configuration, methods, parameters."""
    from wren.cli.offering import show_installed

    show_installed(name, as_json=as_json)
