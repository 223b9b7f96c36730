"""The key provider that ships with Wren: master keys that this process holds itself, from a file or a variable."""

from typing import Protocol

from wren_backend.vault.crypto import Context, derive_key, seal, unseal
from wren_backend.vault.keyring import MasterKeys


class MasterKeySource(Protocol):
    """Returns the master keys as they are now; they change while the process runs, when keys are rotated."""

    def current(self) -> MasterKeys:
        """Return the keys."""
        ...


class MasterKeyProvider:
    """Wraps with the keys of a source, read at each use."""

    def __init__(self, source: MasterKeySource) -> None:
        self._source = source

    def versions(self) -> tuple[str, ...]:
        """Return the names of the keys, oldest first."""
        return self._source.current().ids

    def wrap(self, version: str, secret: bytes, context: Context) -> bytes:
        """Encrypt `secret`; raises MasterKeyMissing."""
        return seal(self._source.current().get(version).secret, secret, context)

    def unwrap(self, version: str, wrapped: bytes, context: Context) -> bytes:
        """Return what `wrap` was given; raises SealBroken, MasterKeyMissing."""
        return unseal(self._source.current().get(version).secret, wrapped, context)

    def derive(self, purpose: str) -> bytes:
        """Return a key derived from the newest one."""
        return derive_key(self._source.current().primary.secret, purpose)
