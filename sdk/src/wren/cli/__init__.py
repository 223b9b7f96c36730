"""The command line: `wren`, or `python -m wren`."""

from wren.cli.boundary import main

__all__ = ["main"]
