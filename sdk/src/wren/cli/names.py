"""Names and triggers as text for people."""

import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

_SHOWN = 10


def quote_name(name: str) -> str:
    """Return a name quoted for a shell."""
    return shlex.quote(name)


def suggest_name(name: str, known: Sequence[str]) -> str:
    """Return a hint for an unknown name: the nearest one, or the known ones."""
    nearest = get_close_matches(name, known, n=1)
    if nearest:
        return f"did you mean {nearest[0]!r}?"
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"there are {', '.join(map(repr, known[:_SHOWN]))}{more}" if known else "there are none"


def format_trigger(kind: str, config: Mapping[str, Any]) -> str:
    """Return a trigger as text, such as `schedule, 0 9 * * *, Europe/Berlin`."""
    order = sorted(config, key=lambda key: (key != "cron", key))
    return ", ".join([kind, *(str(config[key]) for key in order if key != "misfire" or config[key] != "latest")])
