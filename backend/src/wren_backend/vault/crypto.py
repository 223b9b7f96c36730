"""Authenticated encryption of small values: AES-256-GCM with associated data.

The associated data names where a value belongs: a value copied to another workspace, record or field does not open.
"""

import json
import secrets
from typing import NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
Context = NewType("Context", bytes)
"""Associated data: where a value belongs."""

# First byte of every sealed value: its form, so that a later form can be distinguished.
_FORM = b"\x01"
# 96 random bits, as GCM wants. One data key seals far fewer than the 2**32 values at which chance becomes a concern.
_NONCE_BYTES = 12
_TAG_BYTES = 16


class SealBroken(Exception):
    """The value was altered, belongs elsewhere, or was sealed with another key; the algorithm cannot tell which."""


def context_of(*parts: str) -> Context:
    """Name where a value belongs, from coarse to fine: `context_of("credential", workspace_id, record_id, field)`."""
    # JSON keeps ("a", "bc") apart from ("ab", "c").
    return Context(json.dumps(["wren", *parts]).encode())


def new_key() -> bytes:
    """Return a fresh random key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, context: Context) -> bytes:
    """Encrypt `plaintext` so that it opens with `key` and in that context only."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, plaintext, _FORM + context)


def unseal(key: bytes, blob: bytes, context: Context) -> bytes:
    """Return what `seal` was given.

    Raises:
        SealBroken: the value does not open with this key in this context.
    """
    if blob[:1] != _FORM or len(blob) < len(_FORM) + _NONCE_BYTES + _TAG_BYTES:
        raise SealBroken
    nonce, ciphertext = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _FORM + context)
    except InvalidTag:
        raise SealBroken from None


def derive_key(key: bytes, purpose: str) -> bytes:
    """Return a key for another purpose, from which `key` cannot be found."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"wren {purpose}".encode()).derive(key)
