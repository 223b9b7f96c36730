"""Sizes in words. Standard library only."""


def format_size(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 2**20:g} MiB" if count >= 2**20 else f"{count} bytes"
