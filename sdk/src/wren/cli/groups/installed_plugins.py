"""`wren plugins ...`: list, diagnose, disable and enable the installed plugins."""

from typing import Annotated

import typer

from wren.cli.options import Json

app = typer.Typer(help="Manage the installed plugins: list, doctor, disable, enable.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="An integration.")]


@app.callback()
def root() -> None:
    """Manage the installed plugins."""


@app.command("list")
def list_all(
    load: Annotated[
        bool, typer.Option("--load", help="Load each in a separate process, to see whether it works.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the installed plugins, and why some are refused. Imports none of them."""
    from wren.cli.commands.installed_list import list_plugins

    list_plugins(load=load, as_json=as_json)


@app.command()
def doctor(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="An integration. Default: all.")] = None,
    as_json: Json = False,
) -> None:
    """Load each plugin in a separate process, and show its problems and what to do about them."""
    from wren.cli.commands.installed_doctor import report_plugins

    report_plugins(name, as_json=as_json)


@app.command()
def disable(name: Name, as_json: Json = False) -> None:
    """Disable a plugin in this Python environment, without importing it."""
    from wren.cli.commands.installed_list import disable_plugin

    disable_plugin(name, as_json=as_json)


@app.command()
def enable(name: Name, as_json: Json = False) -> None:
    """Enable a plugin again."""
    from wren.cli.commands.installed_list import enable_plugin

    enable_plugin(name, as_json=as_json)
