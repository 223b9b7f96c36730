"""`python -m wren`: the command line."""

import sys

from wren.cli import main

if __name__ == "__main__":
    sys.exit(main())
