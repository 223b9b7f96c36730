"""`python -m wren.runner`: does the one job that arrives on descriptor 0."""

import sys

if __name__ == "__main__":
    if sys.argv[1:]:
        # Here: only a sandbox asks for it, and elsewhere the import would cost some milliseconds for nothing.
        from wren.runner.refusals import enter_sandbox
        from wren.runner.refused_calls import refuse_calls

        enter_sandbox()
        refuse_calls(sys.argv[1:])
        del sys.argv[1:]

    from wren.runner.main import main  # after the filter: it binds all that follows

    sys.exit(main())
