"""`wren plugins ...`: what is installed, what is wrong with it, what is switched off."""

import typer

app = typer.Typer(help="Look after the installed plugins: list, doctor, disable, enable.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Look after the installed plugins."""
