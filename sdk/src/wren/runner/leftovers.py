"""What a deployed run says about the files it leaves: they are removed at its end."""

import os
from collections.abc import Collection

_SHOWN = 5


def list_folder() -> frozenset[str]:
    """Return the names in the current folder; none where it cannot be listed."""
    try:
        return frozenset(os.listdir())  # noqa: PTH208 - names are all that is needed
    except OSError:
        return frozenset()


def describe_leftovers(before: Collection[str], after: Collection[str]) -> str | None:
    """Return the line of the log about new files, or None where there are none."""
    left = sorted(name for name in after if name not in before and not name.startswith((".", "tmp")))
    if not left:
        return None
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    names = ", ".join(map(repr, left[:_SHOWN])) + more
    return (
        f"wren: the run left {names}, which is removed now: the next run starts with an empty folder. "
        "Keep what it needs in a service that an integration reaches"
    )
