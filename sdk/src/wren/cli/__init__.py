"""The command line: `wren`, or `python -m wren`."""

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> int:
    """Run the command named on the command line and return its exit code."""
    try:
        from wren.cli.boundary import perform  # here: Ctrl-C while all of it is loaded deserves no traceback

        return perform()
    except KeyboardInterrupt:
        return _INTERRUPTED
