"""`python -m wren.runner`: does the one job that arrives on descriptor 0."""

import sys

from wren.runner.main import main

if __name__ == "__main__":
    sys.exit(main())
