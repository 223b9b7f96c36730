"""`python -m wren`: the command line."""

import sys

from wren.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
