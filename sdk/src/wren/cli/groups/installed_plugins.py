"""`wren plugins ...`: what is installed, what is wrong with it, what is switched off."""

from typing import Annotated

import typer

from wren.cli.options import Json

app = typer.Typer(help="Look after the installed plugins: list, doctor, disable, enable.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="An integration.")]


@app.callback()
def root() -> None:
    """Look after the installed plugins."""


@app.command("list")
def list_all(
    load: Annotated[
        bool, typer.Option("--load", help="Load each in a process of its own, to know whether it works.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the installed plugins, and which of them may not be used and why. Imports none of them."""
    from wren.cli.commands.installed_list import list_plugins

    list_plugins(load=load, as_json=as_json)


@app.command()
def doctor(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="An integration; all without it.")] = None,
    as_json: Json = False,
) -> None:
    """Load each plugin in a process of its own and say what is wrong with it, and what to do."""
    from wren.cli.commands.installed_doctor import report_plugins

    report_plugins(name, as_json=as_json)


@app.command()
def disable(name: Name, as_json: Json = False) -> None:
    """Switch a plugin off for this Python environment, without importing it."""
    from wren.cli.commands.installed_list import disable_plugin

    disable_plugin(name, as_json=as_json)


@app.command()
def enable(name: Name, as_json: Json = False) -> None:
    """Switch a plugin on again."""
    from wren.cli.commands.installed_list import enable_plugin

    enable_plugin(name, as_json=as_json)
