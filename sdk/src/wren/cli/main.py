"""The entry point of the command line: `wren`, or `python -m wren`."""

_INTERRUPTED = 130


def main() -> int:
    """Run the command named on the command line and return its exit code."""
    try:
        from wren.cli.boundary import run_command  # here: Ctrl-C during these imports must not print a traceback

        return run_command()
    except KeyboardInterrupt:
        return _INTERRUPTED
