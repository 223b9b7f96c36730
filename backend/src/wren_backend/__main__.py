"""`python -m wren_backend`."""

from wren_backend.cli import main

if __name__ == "__main__":
    main()
