"""Identifiers and one-time tokens: random, prefixed, safe in URLs."""

import hashlib
import secrets
from typing import Literal

IdPrefix = Literal["ws", "usr", "key", "conn", "dep", "ver", "trg", "run", "msg", "corr", "dk", "mk", "aic"]

# 18 bytes are 144 bits and 24 url-safe characters: no counter to guess, no clash to handle.
_ID_BYTES = 18
_TOKEN_BYTES = 32


def new_id(prefix: IdPrefix) -> str:
    """Return a new identifier such as `run_4f...`."""
    return f"{prefix}_{secrets.token_urlsafe(_ID_BYTES)}"


def new_token() -> str:
    """Return a secret that proves itself by being known: an OAuth state, a connect link, a browser binding."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> str:
    """Return what is stored of a token. Its 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
