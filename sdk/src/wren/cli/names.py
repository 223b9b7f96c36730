"""Names and triggers as text for people."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from wren_core.nearest import find_nearest, suggest

_SHOWN = 10


def quote_name(name: str) -> str:
    """Return a name quoted for a shell."""
    return shlex.quote(name)


def suggest_name(name: str, known: Sequence[str]) -> str:
    """Return a hint for an unknown name: the nearest one, or the known ones."""
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    listed = f"there are {', '.join(map(repr, known[:_SHOWN]))}{more}" if known else "there are none"
    return suggest(find_nearest(name, known), otherwise=listed)


def format_trigger(kind: str, config: Mapping[str, Any]) -> str:
    """Return a trigger as text, such as `schedule, 0 9 * * *, Europe/Berlin`."""
    order = sorted(config, key=lambda key: (key != "cron", key))
    return ", ".join([kind, *(str(config[key]) for key in order if key != "misfire" or config[key] != "latest")])
