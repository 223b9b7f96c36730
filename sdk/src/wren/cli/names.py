"""What people call the things on a server, as they type it."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from wren_core.nearest import find_nearest, suggest

_SHOWN = 10


def quoted(name: str) -> str:
    """Return a name as it is typed in a shell."""
    return shlex.quote(name)


def guess(name: str, known: Sequence[str]) -> str:
    """Return the name somebody may have meant, or what there is."""
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    listed = f"there are {', '.join(map(repr, known[:_SHOWN]))}{more}" if known else "there are none"
    return suggest(find_nearest(name, known), otherwise=listed)


def trigger_text(kind: str, config: Mapping[str, Any]) -> str:
    """Return what a trigger waits for, as `schedule, 0 9 * * *, Europe/Berlin`."""
    order = sorted(config, key=lambda key: (key != "cron", key))
    return ", ".join([kind, *(str(config[key]) for key in order if key != "misfire" or config[key] != "latest")])
