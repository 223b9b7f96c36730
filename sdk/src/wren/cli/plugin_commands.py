"""`wren plugin ...`: write a plugin, try it, check it, release it."""

import typer

app = typer.Typer(help="Write an integration: new, dev, check, release.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Write an integration: new, dev, check, release."""
