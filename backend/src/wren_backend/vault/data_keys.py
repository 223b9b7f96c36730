"""Data keys: one for each workspace, stored only as a key provider wrapped it."""

from datetime import datetime
from typing import Protocol

import structlog

from wren_backend.vault import repository
from wren_backend.vault.crypto import Context, SealBroken, context_of, new_key
from wren_backend.vault.errors import CredentialUndecryptable
from wren_backend.vault.models import DataKey

log = structlog.get_logger()


class KeyProvider(Protocol):
    """Wraps data keys with master keys that it does not reveal; a key management service fits.

    A master key is one version under a name. Versions may come and go while the process runs: keys are rotated.
    """

    def versions(self) -> tuple[str, ...]:
        """Return the names of the available master keys, oldest first; the last one wraps, the others only unwrap."""
        ...

    def wrap(self, version: str, secret: bytes, context: Context) -> bytes:
        """Encrypt `secret` so that it unwraps with this version and in this context only."""
        ...

    def unwrap(self, version: str, wrapped: bytes, context: Context) -> bytes:
        """Return what `wrap` was given.

        Raises:
            SealBroken: altered, of another context or another key.
            MasterKeyMissing: this version is not available.
        """
        ...

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes that only a holder of the newest version can compute, the same for the same purpose."""
        ...


def make_data_key(keys: KeyProvider, workspace_id: str, *, now: datetime) -> DataKey:
    """Return an unsaved row with a fresh data key in it, wrapped with the newest master key."""
    version = keys.versions()[-1]
    row = repository.new_data_key_row(workspace_id, master_key_id=version, now=now)
    row.wrapped_key = wrap_data_key(keys, version, row, new_key())
    return row


def wrap_data_key(keys: KeyProvider, version: str, row: DataKey, data_key: bytes) -> bytes:
    """Wrap a data key with a master key, for that row only."""
    return keys.wrap(version, data_key, _data_key_context(version, row))


def unwrap_data_key(keys: KeyProvider, row: DataKey) -> bytes:
    """Return the data key in `row`.

    Raises:
        CredentialUndecryptable: the row was altered or belongs to another workspace.
        MasterKeyMissing: its master key is not available.
    """
    version = row.master_key_id
    try:
        return keys.unwrap(version, row.wrapped_key, _data_key_context(version, row))
    except SealBroken:
        log.error("vault.data_key_undecryptable", workspace_id=row.workspace_id, data_key_id=row.id)
        raise CredentialUndecryptable(f"data key {row.id} does not open with master key {version}") from None


def _data_key_context(version: str, row: DataKey) -> Context:
    return context_of("data_key", row.workspace_id, row.id, version)
