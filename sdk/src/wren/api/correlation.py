"""Ids that connect the output of a client with the log of the server."""

import secrets
from functools import cache


def new_correlation_id() -> str:
    """Return a random, unique id."""
    return f"corr_{secrets.token_urlsafe(18)}"


@cache
def invocation_id() -> str:
    """Return the id of this process's one invocation: its requests carry it and its errors show it."""
    return new_correlation_id()


def is_invocation_id_used() -> bool:
    """Tell whether something was sent under the id, so that there is a log to look it up in."""
    return invocation_id.cache_info().currsize > 0
